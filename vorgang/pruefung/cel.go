package pruefung

import (
	"fmt"
	"strings"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common"
	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/env"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/common/types/traits"
	"github.com/google/cel-go/parser"
)

// Maschine names the engine in every Pruefprotokoll.
const Maschine = "pruefung/1 cel-go/v0.31.0"

// Bounds of the language; costs bound the rest.
const (
	maxVerschachtelt = 60 // recursion of the parser
	maxSchleifen     = 2  // loops within loops
	maxRegexp        = 200
)

// What an expression sees. laufName and frageName cannot be written in one: a name
// never begins with @.
const (
	eingabeName  = "eingabe"
	stichtagName = "stichtag"
	laufName     = "@lauf"
	frageName    = "@frage"
)

var laufTyp = types.NewOpaqueType("lauf")

// umgebung makes the language: CEL without its own time, with functions for dates
// and a call for each declared Nachschlagewerk.
func umgebung(nachschlagen []Nachschlagewerk) (*cel.Env, error) {
	ohne := env.NewLibrarySubset().AddExcludedFunctions(
		env.NewFunction("timestamp"), env.NewFunction("duration"), env.NewFunction("dyn"),
		env.NewFunction("getDate"), env.NewFunction("getDayOfMonth"), env.NewFunction("getDayOfWeek"), env.NewFunction("getDayOfYear"),
		env.NewFunction("getFullYear"), env.NewFunction("getHours"), env.NewFunction("getMilliseconds"), env.NewFunction("getMinutes"),
		env.NewFunction("getMonth"), env.NewFunction("getSeconds"))
	opts := []cel.EnvOption{
		cel.StdLib(cel.StdLibSubset(ohne)),
		cel.CustomTypeAdapter(geordnet{}),
		cel.Variable(eingabeName, cel.DynType),
		cel.Variable(stichtagName, cel.TimestampType),
		cel.Variable(laufName, laufTyp),
		cel.CrossTypeNumericComparisons(true),
		cel.DefaultUTCTimeZone(true),
		cel.ParserRecursionLimit(maxVerschachtelt),
		cel.ParserExpressionSizeLimit(MaxAusdruck),
		cel.ASTValidators(cel.ValidateRegexLiterals(), cel.ValidateRegexProgramSizeLimit(maxRegexp), cel.ValidateComprehensionNestingLimit(maxSchleifen)),
		cel.Function(frageName, cel.Overload(frageName, []*cel.Type{laufTyp, cel.StringType, cel.ListType(cel.DynType)}, cel.DynType,
			cel.FunctionBinding(frage))),
	}
	opts = append(opts, datumsfunktionen()...)
	for _, n := range nachschlagen {
		opts = append(opts, cel.Macros(cel.GlobalMacro(n.Name, n.Parameter, ruf(n.Name))))
	}
	return cel.NewCustomEnv(opts...)
}

// ruf turns register(a, b) into @frage(@lauf, "register", [a, b]): so a compiled
// rule serves many runs, each with its own record.
func ruf(name string) parser.MacroExpander {
	return func(eh parser.ExprHelper, _ ast.Expr, args []ast.Expr) (ast.Expr, *common.Error) {
		return eh.NewCall(frageName, eh.NewIdent(laufName), eh.NewLiteral(types.String(name)), eh.NewList(args...)), nil
	}
}

func frage(args ...ref.Val) ref.Val {
	l, ok := args[0].(*lauf)
	name, ok2 := args[1].(types.String)
	list, ok3 := args[2].(traits.Lister)
	if !ok || !ok2 || !ok3 {
		return types.NewErr("no such overload")
	}
	return l.frage(string(name), list)
}

// fehlerText shortens what the compiler says to its first line: place and reason.
func fehlerText(err error) string {
	zeile, _, _ := strings.Cut(err.Error(), "\n")
	if len(zeile) > 300 {
		zeile = strings.ToValidUTF8(zeile[:300], "")
	}
	return zeile
}

// ausdruck is a compiled rule.
type ausdruck struct {
	regel    *Regel
	programm cel.Program
	hoechst  uint64 // estimated cost at most
}

// uebersetzeRegel compiles one rule and estimates its cost.
func uebersetzeRegel(e *cel.Env, r *Regel, s *schaetzer, grenze uint64) (ausdruck, *problemText) {
	baum, iss := e.Compile(r.Ausdruck)
	if iss.Err() != nil {
		return ausdruck{}, &problemText{"ausdruck", fehlerText(iss.Err()), "Der Ausdruck ist fehlerhaft."}
	}
	if t := baum.OutputType(); !t.IsExactType(cel.BoolType) && !t.IsExactType(cel.DynType) {
		return ausdruck{}, &problemText{"ausdruck-typ", "gives " + t.String() + ", not bool", "Der Ausdruck muss wahr oder falsch ergeben."}
	}
	// google.protobuf.Timestamp{...} would bring a time of day in, and a loop over
	// {"b": 1, "a": 2} would run in an order of chance.
	for _, art := range []ast.ExprKind{ast.StructKind, ast.MapKind} {
		if len(ast.MatchDescendants(ast.NavigateAST(baum.NativeRep()), ast.KindMatcher(art))) > 0 {
			return ausdruck{}, &problemText{"ausdruck", "makes an object", "In einem Ausdruck lassen sich keine Objekte bilden."}
		}
	}
	schaetzung, err := e.EstimateCost(baum, s)
	if err != nil {
		return ausdruck{}, &problemText{"ausdruck", fehlerText(err), "Der Ausdruck ist fehlerhaft."}
	}
	if schaetzung.Max > grenze {
		return ausdruck{}, &problemText{"regel-kosten", fmt.Sprintf("may cost %d, the limit is %d", schaetzung.Max, grenze),
			"Der Ausdruck kann zu aufwendig werden: Das Schema sollte Listen und Texte begrenzen."}
	}
	prg, err := e.Program(baum, cel.CostLimit(grenze), cel.CostTracking(s), cel.EvalOptions(cel.OptOptimize))
	if err != nil {
		return ausdruck{}, &problemText{"ausdruck", fehlerText(err), "Der Ausdruck ist fehlerhaft."}
	}
	return ausdruck{regel: r, programm: prg, hoechst: schaetzung.Max}, nil
}

type problemText struct{ code, meldung, hinweis string }

package routing_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/ozg-fachwerk/fachwerk/internal/testenv"
	"github.com/ozg-fachwerk/fachwerk/messaging/fitconnect"
	"github.com/ozg-fachwerk/fachwerk/messaging/fitconnect/fitconnecttest"
	"github.com/ozg-fachwerk/fachwerk/messaging/fitconnect/routing"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

func TestMain(m *testing.M) {
	testenv.Main(m, func() {
		if err := goleak.Find(); err != nil {
			fmt.Println("goroutine leak:", err)
			os.Exit(1)
		}
	})
}

const leika = "99115005104000"

type ort struct {
	z    *fitconnecttest.Zustelldienst
	dest *fitconnecttest.Zustellpunkt
}

func newOrt(t testing.TB) ort {
	t.Helper()
	z := fitconnecttest.New(t, nil)
	d, err := z.AddDestination(fitconnecttest.DestinationParams{Name: "Bürgeramt"})
	require.NoError(t, err)
	return ort{z, d}
}

func (o ort) client(t testing.TB, opt *routing.Options) *routing.Client {
	t.Helper()
	if opt == nil {
		opt = &routing.Options{}
	}
	if opt.HTTP == nil {
		opt.HTTP = &fitconnect.ClientOptions{BaseDelay: time.Millisecond}
	}
	c, err := routing.New(routing.Params{BaseURL: o.z.RoutingURL(), Issuers: []string{o.z.PortalURL()}}, opt)
	require.NoError(t, err)
	t.Cleanup(c.CloseIdleConnections)
	return c
}

func TestFind(t *testing.T) {
	o := newOrt(t)
	o.z.AddRoute(fitconnecttest.RouteParams{Destination: o.dest, ARS: "064350014014", SubmissionHost: "other.example"})
	o.z.AddArea(fitconnecttest.RouteArea{ID: "1024", Name: "Hanau", Type: "Stadt", ARS: "064350014014"})
	for name, c := range map[string]struct {
		q       routing.Query
		found   int
		checked bool
	}{
		"ars":         {routing.Query{LeikaKey: leika, ARS: "064350014014"}, 1, true},
		"ags":         {routing.Query{LeikaKey: leika, AGS: "06435014"}, 1, true},
		"area":        {routing.Query{LeikaKey: leika, AreaID: "1024"}, 1, false},
		"elsewhere":   {routing.Query{LeikaKey: leika, ARS: "160550000000"}, 0, false},
		"other leika": {routing.Query{LeikaKey: "99000000000001", ARS: "064350014014"}, 0, false},
	} {
		for _, version := range []string{"", "v2"} {
			t.Run(name+version, func(t *testing.T) {
				r, err := o.client(t, &routing.Options{Version: version}).Find(t.Context(), c.q)
				require.NoError(t, err)
				require.Empty(t, r.Abgelehnt)
				require.Len(t, r.Ziele, c.found)
				for _, z := range r.Ziele {
					require.Equal(t, o.dest.ID, z.DestinationID)
					require.Equal(t, "other.example", z.SubmissionHost)
					require.Equal(t, c.checked, z.RegionChecked)
				}
			})
		}
	}
}

// Each check of a signature fails once; the control without fault passes.
func TestRefused(t *testing.T) {
	var asked atomic.Int32
	stranger := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Add(1) }))
	defer stranger.Close()
	for name, c := range map[string]struct {
		fault fitconnecttest.FaultKind
		code  string
	}{
		"none":        {0, ""},
		"signature":   {fitconnecttest.FaultRouteSignature, routing.CodeSignature},
		"destination": {fitconnecttest.FaultRouteDestination, routing.CodeDestination},
		"region":      {fitconnecttest.FaultRouteRegion, routing.CodeOutside},
		"service":     {fitconnecttest.FaultRouteService, routing.CodeService},
		"unknown key": {fitconnecttest.FaultRouteKey, routing.CodeKey},
		"expired key": {fitconnecttest.FaultRouteExpiredKey, routing.CodeKey},
		"issuer":      {fitconnecttest.FaultRouteIssuer, routing.CodeIssuer},
	} {
		t.Run(name, func(t *testing.T) {
			o := newOrt(t)
			o.z.AddRoute(fitconnecttest.RouteParams{Destination: o.dest, ARS: "06"})
			if c.fault != 0 {
				o.z.Inject(fitconnecttest.Fault{Kind: c.fault, Part: stranger.URL})
			}
			r, err := o.client(t, nil).Find(t.Context(), routing.Query{LeikaKey: leika, ARS: "064350014014"})
			require.NoError(t, err)
			if c.code == "" {
				require.Len(t, r.Ziele, 1)
				return
			}
			require.Empty(t, r.Ziele)
			require.Len(t, r.Abgelehnt, 1)
			require.Equal(t, c.code, r.Abgelehnt[0].Probleme[0].Code)
			require.NotEmpty(t, r.Abgelehnt[0].Probleme[0].Hinweis)
		})
	}
	require.Zero(t, asked.Load(), "keys are never read from an address a token names")
}

func TestTechnicalFailures(t *testing.T) {
	o := newOrt(t)
	o.z.AddRoute(fitconnecttest.RouteParams{Destination: o.dest})
	c, q := o.client(t, nil), routing.Query{LeikaKey: leika, ARS: "06"}
	o.z.Inject(fitconnecttest.Fault{Kind: fitconnecttest.FaultStatus, Op: "GET routes", Status: 503})
	_, err := c.Find(t.Context(), q)
	require.NoError(t, err, "repeated")
	fresh := o.client(t, nil)
	o.z.Inject(fitconnecttest.Fault{Kind: fitconnecttest.FaultStatus, Op: "GET issuer keys", Status: 503, Times: -1})
	_, err = fresh.Find(t.Context(), q)
	require.ErrorIs(t, err, fehler.ErrUnavailable, "keys that cannot be read say nothing about the route")
	require.Nil(t, fehler.ProblemeIn(err))
	o.z.ClearFaults()
	o.z.Inject(fitconnecttest.Fault{Kind: fitconnecttest.FaultStatus, Op: "GET issuer keys", Status: 404})
	_, err = fresh.Find(t.Context(), q)
	require.ErrorIs(t, err, fehler.ErrUnavailable)
	_, err = o.client(t, &routing.Options{Version: "v9"}).Info(t.Context())
	require.ErrorIs(t, err, fehler.ErrNotFound)
}

func TestSignatureAge(t *testing.T) {
	o := newOrt(t)
	o.z.AddRoute(fitconnecttest.RouteParams{Destination: o.dest})
	now := time.Now()
	q := routing.Query{LeikaKey: leika, ARS: "06"}
	for name, c := range map[string]struct {
		ahead time.Duration
		max   time.Duration
		good  bool
	}{"fresh": {time.Hour, 2 * time.Hour, true}, "old": {3 * time.Hour, 2 * time.Hour, false}, "not bounded": {3 * time.Hour, 0, true}, "future": {-time.Hour, 0, false}} {
		t.Run(name, func(t *testing.T) {
			r, err := o.client(t, &routing.Options{MaxAge: c.max, Now: func() time.Time { return now.Add(c.ahead) }}).Find(t.Context(), q)
			require.NoError(t, err)
			require.Equal(t, c.good, len(r.Ziele) == 1)
			if !c.good {
				require.Equal(t, routing.CodeTime, r.Abgelehnt[0].Probleme[0].Code)
			}
		})
	}
}

func TestQueryIsCheckedFirst(t *testing.T) {
	o := newOrt(t)
	c := o.client(t, nil)
	for _, q := range []routing.Query{
		{}, {LeikaKey: leika}, {LeikaKey: "12", ARS: "06"}, {LeikaKey: leika, ARS: "0643"}, {LeikaKey: leika, AGS: "064350140"},
		{LeikaKey: leika, AreaID: "x"}, {LeikaKey: leika, ARS: "06", AGS: "06"}, {LeikaKey: leika + "\n", ARS: "06"},
	} {
		_, err := c.Find(t.Context(), q)
		require.NotEmpty(t, fehler.ProblemeIn(err), "%+v", q)
	}
	for _, terms := range [][]string{{}, {"a"}, {"Frankfurt am Main"}, {"Halle", "(Saale)"}, {"Ko\u0308ln"}, make([]string, 11)} {
		_, err := c.Areas(t.Context(), terms...)
		require.NotEmpty(t, fehler.ProblemeIn(err), "%q", terms)
	}
	require.Empty(t, o.z.Calls())
}

func TestAreasAndPaging(t *testing.T) {
	o := newOrt(t)
	for i := range 700 {
		o.z.AddArea(fitconnecttest.RouteArea{ID: fmt.Sprint(i), Name: fmt.Sprintf("Halle (Saale) %d", i), Type: "Stadt"})
		if i < 503 {
			o.z.AddRoute(fitconnecttest.RouteParams{Destination: o.dest})
		}
	}
	c := o.client(t, nil)
	all, err := c.Areas(t.Context(), routing.Terms("Hal* (Saale)")[0])
	require.NoError(t, err)
	require.Len(t, all, 700)
	require.Equal(t, routing.Area{ID: "3", Name: "Halle (Saale) 3", Type: "Stadt"}, all[3])
	require.Equal(t, []string{"Frankfurt", "am", "Main"}, routing.Terms("Frankfurt (am) Main"))
	n := 0
	for _, err := range c.Routes(t.Context(), routing.Query{LeikaKey: leika, ARS: "06"}) {
		require.NoError(t, err)
		n++
	}
	require.Equal(t, 503, n)
	v, err := c.Info(t.Context())
	require.NoError(t, err)
	require.Equal(t, routing.Version{Major: 2}, v)
}

func TestNew(t *testing.T) {
	for name, p := range map[string]routing.Params{
		"no issuer":     {BaseURL: "https://routing.example"},
		"http":          {BaseURL: "http://routing.example", Issuers: []string{"https://portal.example"}},
		"issuer http":   {BaseURL: "https://routing.example", Issuers: []string{"http://portal.example"}},
		"issuer a path": {BaseURL: "https://routing.example", Issuers: []string{"/portal"}},
	} {
		_, err := routing.New(p, nil)
		require.ErrorIs(t, err, fehler.ErrInvalid, name)
	}
}

// What a portal signs and anybody may put into an answer: never a panic, and
// never claims that break their own rules.
func FuzzParseClaims(f *testing.F) {
	f.Add([]byte(`{"submissionHost":"h.example","iss":"https://p.example","destinationId":"6ba7b810-9dad-41d1-80b4-00c04fd430c8","iat":1788343200,"jti":"x","services":[{"gebietIDs":["urn:de:bund:destatis:bevoelkerungsstatistik:schluessel:rs:06"],"leistungIDs":["urn:de:fim:leika:leistung:99115005104000"]}]}`))
	f.Add([]byte(`{"iss":1}`))
	f.Add([]byte(`{"iss":"a","iss":"b"}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		c, err := routing.ParseClaims(raw)
		if err != nil {
			require.NotEmpty(t, fehler.ProblemeIn(err))
			return
		}
		require.NotEmpty(t, c.Iss)
		require.NotEmpty(t, c.Services)
		require.Positive(t, c.Iat)
	})
}

func ExampleClient_Find() {
	z, err := fitconnecttest.Start(nil)
	if err != nil {
		panic(err)
	}
	defer z.Close()
	stelle, err := z.AddDestination(fitconnecttest.DestinationParams{Name: "Bürgeramt Hanau"})
	if err != nil {
		panic(err)
	}
	z.AddRoute(fitconnecttest.RouteParams{Destination: stelle, ARS: "064350014014"})
	c, err := routing.New(routing.Params{BaseURL: z.RoutingURL(), Issuers: []string{z.PortalURL()}}, nil)
	if err != nil {
		panic(err)
	}
	defer c.CloseIdleConnections()
	q := routing.Query{LeikaKey: "99115005104000", AGS: "06435014"}
	r, err := c.Find(context.Background(), q)
	if err != nil {
		panic(err)
	}
	fmt.Println(r.Ziele[0].DestinationName, r.Ziele[0].RegionChecked)
	z.Inject(fitconnecttest.Fault{Kind: fitconnecttest.FaultRouteDestination})
	r, err = c.Find(context.Background(), q)
	fmt.Println(len(r.Ziele), r.Abgelehnt[0].Probleme, err)
	// Output:
	// Bürgeramt Hanau true
	// 0 invalid: fitconnect.routing.zustellpunkt at /destinationSignature: signature is of another destination <nil>
}

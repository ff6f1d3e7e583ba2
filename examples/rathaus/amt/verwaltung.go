package amt

func (a *Amt) verwaltungswege() []Route {
	return []Route{
		{"GET /verwaltung", leitend, func(x *anfrage) error { return x.seite("verwaltung", "Verwaltung", nil) }},
	}
}

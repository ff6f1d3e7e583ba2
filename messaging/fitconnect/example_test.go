package fitconnect_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/ozg-fachwerk/fachwerk/messaging/fitconnect"
	"github.com/ozg-fachwerk/fachwerk/messaging/fitconnect/fitconnecttest"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// A receiver tells three outcomes apart.
func ExampleSubscriber() {
	ctx := context.Background()
	z, err := fitconnecttest.Start(nil)
	if err != nil {
		log.Fatal(err)
	}
	defer z.Close()
	stelle, err := z.AddDestination(fitconnecttest.DestinationParams{})
	if err != nil {
		log.Fatal(err)
	}
	sub, err := stelle.Subscriber(nil, nil)
	if err != nil {
		log.Fatal(err)
	}
	if _, err := z.Sende(ctx, fitconnecttest.Beispiel(stelle.ID)); err != nil {
		log.Fatal(err)
	}

	for ref, err := range sub.List(ctx) {
		if err != nil {
			log.Fatal(err)
		}
		r, err := sub.Fetch(ctx, ref.SubmissionID)
		switch probleme := fehler.ProblemeIn(err); {
		case err == nil:
			// store durably here, then:
			err = sub.Accept(ctx, r)
			fmt.Println("accepted:", r.Submission.PublicService.Name, len(r.Attachments), "attachment", err)
		case probleme != nil: // permanently wrong
			err = sub.Reject(ctx, ref, fitconnect.ProblemsOf(probleme))
			fmt.Println("rejected:", probleme, err)
		default: // technical: the service delivers again
			fmt.Println("later:", err)
		}
	}
	// Output: accepted: Wohnsitzanmeldung 1 attachment <nil>
}

func ExampleSubscriber_Waiting() {
	ctx := context.Background()
	now := time.Date(2026, 9, 1, 8, 0, 0, 0, time.UTC)
	z, err := fitconnecttest.Start(&fitconnecttest.Options{Now: func() time.Time { return now }})
	if err != nil {
		log.Fatal(err)
	}
	defer z.Close()
	stelle, err := z.AddDestination(fitconnecttest.DestinationParams{})
	if err != nil {
		log.Fatal(err)
	}
	sub, err := stelle.Subscriber(nil, nil)
	if err != nil {
		log.Fatal(err)
	}
	if _, err := z.Sende(ctx, fitconnecttest.Beispiel(stelle.ID)); err != nil {
		log.Fatal(err)
	}
	now = now.AddDate(0, 0, 10)
	for w, err := range sub.Waiting(ctx) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(w.State, "for", w.Age, "then", w.Next.Kind, "at", w.Next.At.Format(time.DateOnly))
	}
	// Output: submitted for 240h0m0s then rejected at 2026-09-15
}

func ExampleSender() {
	ctx := context.Background()
	z, err := fitconnecttest.Start(nil)
	if err != nil {
		log.Fatal(err)
	}
	defer z.Close()
	stelle, err := z.AddDestination(fitconnecttest.DestinationParams{})
	if err != nil {
		log.Fatal(err)
	}
	client, err := fitconnect.NewClient(z.Endpoints(), z.AddClient(fitconnect.ScopeSend), nil)
	if err != nil {
		log.Fatal(err)
	}
	defer client.CloseIdleConnections()
	sender, err := fitconnect.NewSender(fitconnect.SenderParams{Client: client}, nil)
	if err != nil {
		log.Fatal(err)
	}
	sent, err := sender.Send(ctx, fitconnect.Draft{
		DestinationID: stelle.ID,
		PublicService: fitconnect.PublicService{Name: "Wohnsitzanmeldung", Identifier: fitconnecttest.BeispielLeistung},
		Data:          []byte(`{"F60000227":"Muster"}`),
		DataSchema:    fitconnect.SchemaRef{SchemaURI: fitconnecttest.BeispielSchema, MIMEType: fitconnect.MIMEJSON},
	})
	if err != nil {
		log.Fatal(err)
	}
	state, events, err := sender.Status(ctx, sent)
	fmt.Println(state, len(events.Events), err)
	// Output: submitted 2 <nil>
}

func ExampleNewCallbackHandler() {
	handler, err := fitconnect.NewCallbackHandler("callback-secret", func(_ context.Context, n fitconnect.Notification) error {
		fmt.Println("fetch", n.Kind, n.Submissions[0].SubmissionID)
		return nil
	}, nil)
	if err != nil {
		log.Fatal(err)
	}
	body := `{"type":"https://schema.fitko.de/fit-connect/submission-api/callbacks/new-submissions","submissions":[` +
		`{"destinationId":"d12caea8-f372-4eb1-b102-b0a228253a11","submissionId":"f39ab143-d91a-474a-b69f-b00f1a1873c2","caseId":"9eec7d3e-dc66-4f82-9f52-1520bf96a32e"}]}`
	r := httptest.NewRequest(http.MethodPost, "/callback", strings.NewReader(body))
	r.Header = fitconnect.SignCallback("callback-secret", []byte(body), time.Now())
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	fmt.Println(w.Code)
	// Output:
	// fetch new-submissions f39ab143-d91a-474a-b69f-b00f1a1873c2
	// 204
}

func ExampleCheckMetadata() {
	for _, p := range fitconnect.CheckMetadata([]byte(`{"contentStructure":{"attachments":[{"purpose":"form"}]}}`)) {
		fmt.Println(p)
	}
	// Output:
	// fitconnect.schema-violation at metadata: /contentStructure/attachments/0/hash: missing
	// fitconnect.schema-violation at metadata: /contentStructure/attachments/0/mimeType: missing
	// fitconnect.schema-violation at metadata: /contentStructure/attachments/0/attachmentId: missing
}

func ExampleAPIError() {
	err := error(&fitconnect.APIError{Op: "GET submission", Status: http.StatusTooManyRequests, RetryAfter: 30 * time.Second})
	var api *fitconnect.APIError
	if errors.Is(err, fehler.ErrUnavailable) && errors.As(err, &api) {
		fmt.Println("again in", api.RetryAfter)
	}
	// Output: again in 30s
}

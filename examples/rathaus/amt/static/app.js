// The pages work without this script. With it they change by themselves when somebody
// else worked, search while one types, and keep a double click from being two.
'use strict';
(() => {
  const meldung = document.getElementById('meldung');
  const sage = (text) => { if (meldung) { meldung.textContent = ''; setTimeout(() => { meldung.textContent = text; }, 50); } };

  const hole = async (url) => {
    const r = await fetch(url, { headers: { 'X-Von-Selbst': '1' }, credentials: 'same-origin' });
    if (r.status === 401) { sage('Ihre Sitzung ist abgelaufen. Bitte melden Sie sich neu an.'); hinweis('Ihre Sitzung ist abgelaufen.', '/anmelden', 'Neu anmelden'); return null; }
    if (!r.ok) return null;
    return new DOMParser().parseFromString(await r.text(), 'text/html');
  };

  const hinweis = (text, ziel, knopf) => {
    if (document.getElementById('neuer-stand')) return;
    const p = document.createElement('div');
    p.id = 'neuer-stand'; p.className = 'hinweis'; p.setAttribute('role', 'status');
    const a = document.createElement('a');
    a.href = ziel; a.className = 'knopf still'; a.textContent = knopf;
    p.append(document.createTextNode(text + ' '), a);
    const main = document.querySelector('main');
    main.insertBefore(p, main.firstChild);
  };

  // beschrieben: somebody is writing here; then nothing is taken away under their hands.
  const beschrieben = (teil) => {
    for (const f of teil.querySelectorAll('input, textarea, select')) {
      if (f.type === 'hidden') continue;
      if (f.type === 'checkbox' ? f.checked !== f.defaultChecked : f.tagName === 'SELECT' ? [...f.options].some((o) => o.selected !== o.defaultSelected && f.selectedIndex !== 0) : f.value !== f.defaultValue) return true;
    }
    return teil.contains(document.activeElement) && document.activeElement.matches('input, textarea, select');
  };

  // gleich leaves out what differs on every page.
  const kern = (el) => el.outerHTML.replace(/name="(einmal|gesehen|csrf)" value="[^"]*"/g, '');

  const tausche = (neu) => {
    let ersetzt = false;
    for (const alt of document.querySelectorAll('[data-live]')) {
      const frisch = neu.getElementById(alt.id);
      if (!frisch || kern(frisch) === kern(alt)) continue;
      if (beschrieben(alt)) { hinweis('Jemand anderes hat hier gerade etwas geändert.', location.href, 'Neuen Stand laden'); sage('Jemand anderes hat hier gerade etwas geändert.'); continue; }
      const offen = [...alt.querySelectorAll('details')].map((d) => d.open);
      const hier = document.activeElement && alt.contains(document.activeElement) ? document.activeElement.getAttribute('href') : null;
      alt.replaceWith(frisch);
      [...frisch.querySelectorAll('details')].forEach((d, i) => { if (offen[i]) d.open = true; });
      if (hier) { const z = frisch.querySelector('[href="' + CSS.escape(hier) + '"]'); if (z) z.focus(); }
      ersetzt = true;
    }
    return ersetzt;
  };

  // Live: the server says which Vorgang changed, the page asks for itself again.
  const strom = document.body.dataset.strom;
  if (strom && document.querySelector('[data-live]') && window.EventSource) {
    let wartet = null, quelle = null;
    const frische = async () => {
      wartet = null;
      const neu = await hole(location.href);
      if (neu && tausche(neu)) sage('Die Seite wurde aktualisiert.');
    };
    const hoere = () => {
      quelle = new EventSource(strom);
      // After a broken connection something may have been missed.
      quelle.onopen = () => { if (document.body.dataset.live) frische(); document.body.dataset.live = 'an'; };
      quelle.onmessage = (e) => {
        const id = JSON.parse(e.data).vorgang;
        const meine = [...document.querySelectorAll('[data-live]')].some((t) => t.dataset.live === 'liste' || t.dataset.live === id);
        if (meine && !wartet) wartet = setTimeout(frische, 250);
      };
      quelle.addEventListener('ende', () => { schweige(); hinweis('Ihre Sitzung ist abgelaufen.', '/anmelden', 'Neu anmelden'); });
    };
    const schweige = () => { if (quelle) quelle.close(); quelle = null; };
    // A tab nobody sees holds no connection: browsers allow six to a server.
    document.addEventListener('visibilitychange', () => {
      if (document.hidden) schweige(); else if (!quelle) { hoere(); frische(); }
    });
    window.addEventListener('pagehide', schweige);
    window.addEventListener('pageshow', (e) => { if (e.persisted && !quelle) { hoere(); frische(); } });
    if (!document.hidden) hoere();
  }

  // Search while typing; the address follows, so that a reload shows the same.
  for (const form of document.querySelectorAll('form[data-suche]')) {
    let uhr = null, lauf = 0;
    const suche = async () => {
      const url = form.action + '?' + new URLSearchParams([...new FormData(form)].filter(([, w]) => w !== ''));
      const n = ++lauf;
      const neu = await hole(url);
      if (!neu || n !== lauf) return;
      history.replaceState(null, '', url);
      const alt = document.getElementById('treffer'), frisch = neu.getElementById('treffer');
      if (alt && frisch) { alt.replaceWith(frisch); sage(frisch.querySelectorAll('tbody tr').length + ' Vorgänge gefunden.'); }
    };
    form.addEventListener('input', () => { clearTimeout(uhr); uhr = setTimeout(suche, 250); });
    form.addEventListener('submit', (e) => { e.preventDefault(); clearTimeout(uhr); suche(); });
  }

  for (const s of document.querySelectorAll('select[data-sofort]')) s.addEventListener('change', () => { if (s.value) s.form.requestSubmit(); });

  // A form that is on its way is not sent again. Coming back by the back button frees it.
  document.addEventListener('submit', (e) => {
    const form = e.target, knopf = e.submitter;
    if (e.defaultPrevented || form.method !== 'post') return;
    if (knopf && knopf.hasAttribute('data-mehrmals')) {
      const rahmen = document.querySelector('iframe[name="' + knopf.getAttribute('formtarget') + '"]');
      if (rahmen) { rahmen.hidden = false; rahmen.scrollIntoView({ block: 'nearest' }); }
      return;
    }
    if (form.dataset.unterwegs) { e.preventDefault(); return; }
    form.dataset.unterwegs = '1';
    if (knopf) knopf.setAttribute('aria-disabled', 'true');
  });
  window.addEventListener('pageshow', () => {
    for (const f of document.querySelectorAll('form[data-unterwegs]')) delete f.dataset.unterwegs;
    for (const k of document.querySelectorAll('[aria-disabled]')) k.removeAttribute('aria-disabled');
  });
})();

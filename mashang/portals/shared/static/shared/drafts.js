/* Nothing typed is lost: each form[data-draft] is kept while it is filled in.
   Visitors' drafts live as long as the tab (a shared computer keeps none); signed-in people's a week, under their own name,
   and are thrown away when they sign out. With data-draft-url the server keeps a copy too. A form that is sent says under which
   name it is kept: the sign-in page then tells that nothing is lost. */
(() => {
  "use strict";
  const { $, $$, say, token, who } = window.mashang;
  const WEEK = 7 * 24 * 3600 * 1000;
  const visitor = () => who().startsWith("anonymous");
  const store = () => (visitor() ? sessionStorage : localStorage);
  const prefix = () => `mashang:draft:${who()}:`;
  const clock = (at) => new Date(at).toTimeString().slice(0, 5);
  const kept = (control) => control.name && !control.closest("[data-no-draft]") && !["password", "file", "hidden", "submit", "button"].includes(control.type) && control.name !== "csrfmiddlewaretoken";
  const read = (form) => {
    const values = {};
    for (const control of form.elements) {
      if (!kept(control)) continue;
      if (control.type === "checkbox" || control.type === "radio") {
        values[control.name] ??= [];
        if (control.checked) values[control.name].push(control.value);
      } else values[control.name] = control.value;
    }
    return values;
  };
  const write = (form, values) => {
    for (const control of form.elements) {
      if (!kept(control) || !(control.name in values)) continue;
      const value = values[control.name];
      if (control.type === "checkbox" || control.type === "radio") control.checked = value.includes(control.value);
      else control.value = value;
    }
  };
  const tell = (form, name, at, discard) => {
    const place = $("[data-draft-state]", form);
    if (!place) return;
    place.textContent = say(name, { time: clock(at) });
    if (!discard) return;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "linkish";
    button.textContent = say("discard");
    button.addEventListener("click", () => { store().removeItem(prefix() + form.dataset.draft); form.reset(); place.textContent = ""; form.dispatchEvent(new Event("change", { bubbles: true })); });
    place.append(" ", button);
  };
  const keep = (form) => {
    const at = Date.now();
    try { store().setItem(prefix() + form.dataset.draft, JSON.stringify({ at, values: read(form) })); } catch { return false; }
    tell(form, "saved_here", at);
    return true;
  };
  const mark = (form) => {
    let field = $("input[name=kept]", form);
    if (!field) form.append(field = Object.assign(document.createElement("input"), { type: "hidden", name: "kept" }));
    field.value = form.dataset.draft;
  };
  const post = async (form) => {
    if (!form.dataset.draftUrl) return;
    const body = new FormData();
    for (const [name, value] of new FormData(form)) if (typeof value === "string") body.append(name, value);
    try {
      const answer = await fetch(form.dataset.draftUrl, { method: "POST", body, headers: { "X-CSRFToken": token() }, keepalive: true });
      if (answer.ok && !answer.redirected) tell(form, "saved", Date.now());
    } catch { /* no signal: the copy in the browser stands, and says so */ }
  };
  const watch = (form) => {
    let soon, later;
    const found = store().getItem(prefix() + form.dataset.draft);
    if (found && !("bound" in form.dataset)) {
      const draft = JSON.parse(found);
      if (Date.now() - draft.at < WEEK && JSON.stringify(draft.values) !== JSON.stringify(read(form))) { write(form, draft.values); form.dispatchEvent(new Event("change", { bubbles: true })); tell(form, "restored", draft.at, true); }
    }
    form.addEventListener("input", () => {
      clearTimeout(soon);
      soon = setTimeout(() => { soon = undefined; keep(form); later ??= setTimeout(() => { later = undefined; post(form); }, 4000); }, 600);
    });
    form.addEventListener("submit", () => { clearTimeout(soon); clearTimeout(later); soon = undefined; if (keep(form)) mark(form); });
    addEventListener("pagehide", () => { if (soon) keep(form); });
  };
  const forget = () => { for (const box of [localStorage, sessionStorage]) for (const name of Object.keys(box)) if (name.startsWith("mashang:draft:")) box.removeItem(name); };
  /* what the server took is forgotten: the page that follows names its drafts */
  const taken = (root) => $$("[data-draft-clear]", root).forEach((mark) => { for (const box of [localStorage, sessionStorage]) box.removeItem(prefix() + mark.dataset.draftClear); });
  window.mashang.taken = taken;
  document.addEventListener("submit", (event) => { if (event.target.matches("[data-forget]")) forget(); });
  document.addEventListener("DOMContentLoaded", () => {
    taken(document);
    for (const name of Object.keys(localStorage)) if (name.startsWith("mashang:draft:") && Date.now() - (JSON.parse(localStorage.getItem(name)).at || 0) > WEEK) localStorage.removeItem(name);
    $$("form[data-draft]").forEach(watch);
  });
})();

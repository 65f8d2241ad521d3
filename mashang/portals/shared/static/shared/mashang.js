/* What the pages gain from a script; all of them work without it. No eval, no inline handlers. */
(() => {
  "use strict";
  const $ = (selector, root = document) => root.querySelector(selector);
  const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
  const words = JSON.parse($("#mashang-strings")?.textContent || "{}");
  const say = (name, values = {}) => (words[name] || "").replace(/\{(\w+)\}/g, (_, key) => values[key] ?? "");
  const token = () => $("input[name=csrfmiddlewaretoken]")?.value || JSON.parse(document.body.getAttribute("hx-headers") || "{}")["X-CSRFToken"] || "";
  const note = (text, lamp = "warn") => {
    const place = $("#notes");
    if (!place) return;
    const box = document.createElement("div");
    box.className = `note ${lamp}`;
    box.textContent = text;
    place.replaceChildren(box);
    box.scrollIntoView({ block: "nearest" });
  };
  window.mashang = { $, $$, say, token, note, who: () => document.body.dataset.who || "anonymous" };

  /* keys: / find, j k move, Enter open, a act, x pick, ? help, Ctrl+Enter send */
  const typing = (target) => target.closest("input:not([type=checkbox], [type=radio], [type=submit]), textarea, select, [contenteditable]");
  const rows = () => $$("[data-rows] a[data-row]").filter((link) => link.offsetParent);
  const move = (step) => {
    const links = rows();
    if (!links.length) return;
    const here = links.findIndex((link) => link.closest("tr, li") === document.activeElement.closest?.("tr, li"));
    const start = here < 0 ? links.findIndex((link) => link.closest("tr.on")) - (step > 0 ? 1 : 0) : here;
    const next = links[Math.min(links.length - 1, Math.max(0, start + step))];
    next.focus();
    next.scrollIntoView({ block: "nearest" });
  };
  const acts = {
    "/": () => $("[data-find]")?.focus(),
    j: () => move(1),
    k: () => move(-1),
    a: () => ($("[data-act]", document.activeElement.closest?.("tr, li") || document) || $("[data-act]"))?.focus(),
    x: () => $("input[type=checkbox]", document.activeElement.closest?.("tr") || document.createElement("i"))?.click(),
    "?": () => help(),
  };
  const keysOff = () => localStorage.getItem("mashang:keys") === "off";
  const help = () => {
    const dialog = $("#keys");
    if (dialog && !dialog.open) dialog.showModal();
  };
  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      const form = event.target.closest?.("form");
      if (form) { event.preventDefault(); form.requestSubmit($("[data-send]", form) || undefined); }
      return;
    }
    if (event.key === "Escape" && event.target.matches?.("[data-find]")) event.target.blur();
    if (event.key === "Escape") $$("details.chip[open], details.who[open], .dock details[open]").forEach((d) => { d.open = false; $("summary", d).focus(); });
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || typing(event.target) || $("dialog[open]") || keysOff()) return;
    const act = acts[event.key];
    if (act) { event.preventDefault(); act(); }
  });

  document.addEventListener("click", (event) => {
    const target = event.target;
    $$("details.chip[open], details.who[open], .dock details[open]").forEach((d) => { if (!d.contains(target)) d.open = false; });
    if (target.closest("[data-keys]")) help();
    if (target.closest("[data-close]")) target.closest("dialog")?.close();
    const back = target.closest("[data-back]");
    if (back && history.length > 1) { event.preventDefault(); history.back(); }
    const print = target.closest("[data-print]");
    if (print) window.print();
    if (target.matches("[data-pick-all]")) $$(".pick input:not([data-pick-all])", target.closest("table")).forEach((box) => { box.checked = target.checked; });
    if (target.matches(".pick input")) picked(target);
  });
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-keys-off]")) localStorage.setItem("mashang:keys", event.target.checked ? "off" : "on");
  });
  const picked = (box) => {
    const table = box.closest("table");
    const chosen = $$(".pick input:not([data-pick-all]):checked", table);
    $$(".pick input:not([data-pick-all])", table).forEach((b) => b.closest("tr").setAttribute("aria-selected", b.checked));
    $$("[data-picked]").forEach((place) => { place.textContent = say("chosen", { n: chosen.length }); });
    $$("[data-needs-pick]").forEach((button) => { button.disabled = !chosen.length; });
  };

  /* a form goes out once, however often it is pressed; its key makes a second one harmless on the server as well */
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches("[data-once]") || event.defaultPrevented) return;
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "1";
    const button = event.submitter || $("[data-send]", form);
    const state = $("[data-draft-state]", form);
    if (state) state.textContent = say("sending");
    button?.setAttribute("aria-busy", "true");
    setTimeout(() => { delete form.dataset.sent; button?.removeAttribute("aria-busy"); }, 15000);
  });
  window.addEventListener("pageshow", () => $$("form[data-sent]").forEach((form) => { delete form.dataset.sent; $$("[aria-busy]", form).forEach((b) => b.removeAttribute("aria-busy")); }));

  /* a field that depends on others is shown while its conditions hold; the server reads it by the same rule */
  const given = (form, name) => {
    const fields = $$(`[name="${CSS.escape(name)}"]`, form);
    return (fields[0]?.type === "radio" ? fields.find((f) => f.checked) : fields[0])?.value ?? "";
  };
  const compare = {
    eq: (a, b) => a === b,
    ne: (a, b) => a !== b,
    in: (a, b) => b.includes(a),
    lt: (a, b) => Number(a) < Number(b),
    le: (a, b) => Number(a) <= Number(b),
    gt: (a, b) => Number(a) > Number(b),
    ge: (a, b) => Number(a) >= Number(b),
  };
  const depend = (form) => $$("[data-when]", form).forEach((box) => {
    box.hidden = !JSON.parse(box.dataset.when).every(({ fact, op, value }) => {
      const answer = given(form, fact);
      return answer !== "" && compare[op](answer, value);
    });
  });
  ["input", "change"].forEach((kind) => document.addEventListener(kind, (event) => depend(event.target.form || event.target)));

  const ready = (root) => {
    $$("form", root).forEach(depend);
    $$("[data-keys-off]", root).forEach((box) => { box.checked = keysOff(); });
    if (matchMedia("(max-width: 820px)").matches) $$("details[data-fold]", root).forEach((d) => { d.open = false; });
    $("[data-focus]", root)?.focus();
    $$(".tiles", root).forEach((box) => {
      const lit = $(".here, .late, .warn", box);
      if (lit && box.scrollWidth > box.clientWidth) box.scrollLeft += lit.getBoundingClientRect().left - box.getBoundingClientRect().left - box.clientWidth / 2;
    });
    $$("[data-ribbon]", root).forEach((box) => {
      const svg = $("svg", box), x = Number(box.dataset.ribbon), units = svg.viewBox.baseVal.width;
      if (x && box.scrollWidth > box.clientWidth) box.scrollLeft = (x / units) * svg.clientWidth - box.clientWidth * 0.6;
    });
  };
  document.addEventListener("DOMContentLoaded", () => ready(document));
  document.addEventListener("htmx:afterSettle", (event) => ready(event.target));
  /* a part of the page that could not be had: said above it, until the next one comes */
  let missed = false;
  document.addEventListener("htmx:sendError", () => { missed = true; note(say("failed"), "late"); });
  document.addEventListener("htmx:responseError", (event) => { missed = true; if (event.detail.xhr.status >= 500) note(say("broken"), "late"); });
  document.addEventListener("htmx:afterRequest", (event) => { if (missed && event.detail.successful) { missed = false; $("#notes")?.replaceChildren(); } });
  addEventListener("beforeprint", () => $$("details:not(.chip, .who)").forEach((d) => { if (!d.open) { d.open = true; d.dataset.wasShut = "1"; } }));
  addEventListener("afterprint", () => $$("[data-was-shut]").forEach((d) => { d.open = false; delete d.dataset.wasShut; }));
})();

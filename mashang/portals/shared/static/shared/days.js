/* A date picker over input[type=date]: days off are greyed and named, and can't be picked; typing stays possible.
   The wrapper's data-days answers ?from=&to= with {"off": {"2026-10-01": "国庆节"}, "work": {"2026-10-10": "…"}}. */
(() => {
  "use strict";
  const { $, $$, say } = window.mashang;
  const iso = (d) => `${d.getFullYear()}-${String(d.getMonth() + 1).padStart(2, "0")}-${String(d.getDate()).padStart(2, "0")}`;
  const from = (text) => { const [y, m, d] = text.split("-").map(Number); return new Date(y, m - 1, d); };
  const plus = (day, n) => new Date(day.getFullYear(), day.getMonth(), day.getDate() + n);
  const months = new Map();
  const load = (url, day) => {
    const first = new Date(day.getFullYear(), day.getMonth(), 1), last = new Date(day.getFullYear(), day.getMonth() + 1, 0);
    const address = `${url}${url.includes("?") ? "&" : "?"}from=${iso(first)}&to=${iso(last)}`;
    if (!months.has(address)) months.set(address, fetch(address).then((r) => (r.ok ? r.json() : { off: {}, work: {} })).catch(() => { months.delete(address); return { off: {}, work: {} }; }));
    return months.get(address);
  };
  const why = (data, day) => {
    const key = iso(day);
    if (data.work?.[key]) return "";
    return data.off?.[key] || ([0, 6].includes(day.getDay()) ? say("weekend") : "");
  };
  const make = (tag, properties = {}, ...children) => { const e = Object.assign(document.createElement(tag), properties); e.append(...children); return e; };

  class Picker {
    constructor(input, url, hint) {
      Object.assign(this, { input, url, hint });
      this.dialog = make("dialog", { className: "days" });
      this.title = make("h2", { id: `${input.id}-month` });
      this.title.setAttribute("aria-live", "polite");
      const step = (n, name, sign) => { const b = make("button", { type: "button", className: "quiet", textContent: sign, onclick: () => this.show(new Date(this.day.getFullYear(), this.day.getMonth() + n, 1)) }); b.setAttribute("aria-label", say(name)); return b; };
      this.body = make("tbody");
      const head = make("tr", {}, ...say("weekdays").split(",").map((w) => { const th = make("th", { textContent: w }); th.scope = "col"; return th; }));
      this.say = make("p", { className: "days-say" });
      this.say.setAttribute("role", "status");
      const close = make("button", { type: "button", textContent: say("close"), onclick: () => this.dialog.close() });
      this.dialog.append(make("div", { className: "days-head" }, step(-1, "previous_month", "‹"), this.title, step(1, "next_month", "›")), make("table", {}, make("thead", {}, head), this.body), this.say, make("div", { className: "row" }, close));
      this.dialog.setAttribute("aria-labelledby", this.title.id);
      this.body.addEventListener("keydown", (event) => this.key(event));
      this.body.addEventListener("click", (event) => { const b = event.target.closest("button"); if (b) this.pick(b); });
      this.dialog.addEventListener("close", () => this.button.focus());
      input.parentElement.append(this.dialog);
    }
    open() { this.dialog.showModal(); this.show(this.input.value ? from(this.input.value) : new Date(), true); }
    async show(day, focus) {
      this.day = day;
      const data = await load(this.url, day);
      if (this.day !== day) return;
      this.title.textContent = say("month", { year: day.getFullYear(), month: day.getMonth() + 1 });
      const first = new Date(day.getFullYear(), day.getMonth(), 1), monday = plus(first, -((first.getDay() + 6) % 7)), lines = [];
      for (let w = 0; w < 6; w++) {
        const cells = [];
        for (let d = 0; d < 7; d++) cells.push(this.cell(plus(monday, w * 7 + d), data));
        if (w < 4 || cells.some((c) => !c.classList.contains("out"))) lines.push(make("tr", {}, ...cells));
      }
      this.body.replaceChildren(...lines);
      if (focus) $("[tabindex='0']", this.body)?.focus();
    }
    cell(day, data) {
      const key = iso(day), off = why(data, day), makeup = data.work?.[key];
      const button = make("button", { type: "button", tabIndex: key === iso(this.day) ? 0 : -1 }, String(day.getDate()), make("small", { textContent: (data.off?.[key] || (makeup ? say("makeup") : "")).slice(0, 5) }));
      button.dataset.day = key;
      button.dataset.off = off;
      const outside = (this.input.min && key < this.input.min) || (this.input.max && key > this.input.max);
      if (off || outside) button.setAttribute("aria-disabled", "true");
      button.setAttribute("aria-pressed", String(key === this.input.value));
      button.setAttribute("aria-label", [key, off || makeup].filter(Boolean).join(" "));
      const cell = make("td", { className: [off && "off", makeup && "makeup", key === iso(new Date()) && "today", day.getMonth() !== this.day.getMonth() && "out"].filter(Boolean).join(" ") }, button);
      return cell;
    }
    pick(button) {
      if (button.getAttribute("aria-disabled")) { this.say.textContent = button.dataset.off ? say("day_off", { day: button.dataset.day, name: button.dataset.off }) : ""; return; }
      this.input.value = button.dataset.day;
      this.input.dispatchEvent(new Event("input", { bubbles: true }));
      this.input.dispatchEvent(new Event("change", { bubbles: true }));
      this.dialog.close();
    }
    key(event) {
      const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -7, ArrowDown: 7 }[event.key];
      const here = from(event.target.closest("button").dataset.day);
      if (step) { event.preventDefault(); this.show(plus(here, step), true); }
      if (event.key === "PageUp" || event.key === "PageDown") { event.preventDefault(); this.show(new Date(here.getFullYear(), here.getMonth() + (event.key === "PageUp" ? -1 : 1), here.getDate()), true); }
    }
    async check() {
      if (!this.input.value || !this.hint) return;
      const day = from(this.input.value), off = why(await load(this.url, day), day);
      this.hint.textContent = off ? say("day_off", { day: this.input.value, name: off }) : "";
    }
  }
  const enhance = (box) => {
    const input = $("input[type=date]", box);
    if (!input || box.classList.contains("has-days")) return;
    box.classList.add("has-days");
    const picker = new Picker(input, box.dataset.days, $("[data-day-hint]", box.parentElement));
    const button = make("button", { type: "button" });
    button.textContent = say("pick_day");
    button.addEventListener("click", () => picker.open());
    picker.button = button;
    input.after(button);
    input.addEventListener("change", () => picker.check());
    picker.check();
  };
  const all = (root) => $$("[data-days]", root).forEach(enhance);
  document.addEventListener("DOMContentLoaded", () => all(document));
  document.addEventListener("htmx:afterSettle", (event) => all(event.target));
})();

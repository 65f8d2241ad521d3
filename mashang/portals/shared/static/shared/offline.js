/* For phones with a weak signal: photos made small, the place filled in, and forms[data-offline] kept until they can be sent.
   What waits is in IndexedDB with its idempotency key, so that sending twice does one thing. Each account sees only its own. */
(() => {
  "use strict";
  const { $, $$, say, token, note, who, taken } = window.mashang;
  const SIDE = 1600, QUALITY = 0.82;
  const size = (bytes) => (bytes > 1048576 ? `${(bytes / 1048576).toFixed(1)} MB` : `${Math.max(1, Math.round(bytes / 1024))} KB`);

  /* photos */
  const shrink = async (file) => {
    if (!file.type.startsWith("image/")) return file;
    const picture = await createImageBitmap(file, { imageOrientation: "from-image" }).catch(() => null);
    if (!picture) return file;
    const scale = Math.min(1, SIDE / Math.max(picture.width, picture.height));
    const canvas = Object.assign(document.createElement("canvas"), { width: Math.round(picture.width * scale), height: Math.round(picture.height * scale) });
    canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
    const blob = await new Promise((done) => canvas.toBlob(done, "image/jpeg", QUALITY));
    if (!blob || (scale === 1 && blob.size >= file.size)) return file;
    return new File([blob], file.name.replace(/\.\w+$/, "") + ".jpg", { type: "image/jpeg", lastModified: file.lastModified });
  };
  const shots = async (input) => {
    const form = input.form, done = (async () => {
      const small = await Promise.all([...input.files].map(shrink)), box = new DataTransfer();
      small.forEach((file) => box.items.add(file));
      input.files = box.files;
      const place = $(`[data-shots="${input.id}"]`);
      if (place) place.replaceChildren(...small.map((file) => {
        const figure = document.createElement("figure"), image = Object.assign(document.createElement("img"), { src: URL.createObjectURL(file), alt: file.name }), caption = document.createElement("figcaption");
        image.onload = () => URL.revokeObjectURL(image.src);
        caption.textContent = say("photo_small", { size: size(file.size) });
        figure.append(image, caption);
        return figure;
      }));
    })();
    if (form) form.mashangPhotos = done;
    await done;
  };

  /* place */
  const locate = (box) => {
    const state = $("[data-place-state]", box), text = $("[data-place-text]", box);
    state.textContent = say("locating");
    navigator.geolocation.getCurrentPosition(({ coords, timestamp }) => {
      const lat = coords.latitude.toFixed(6), lon = coords.longitude.toFixed(6);
      $("[data-lat]", box).value = lat;
      $("[data-lon]", box).value = lon;
      $("[data-accuracy]", box).value = Math.round(coords.accuracy);
      $("[data-at]", box).value = new Date(timestamp).toISOString();
      if (!text.value) text.value = `${lat}, ${lon}`;
      state.textContent = say("located", { metres: Math.round(coords.accuracy) });
      text.dispatchEvent(new Event("input", { bubbles: true }));
    }, () => { state.textContent = say("not_located"); }, { enableHighAccuracy: true, timeout: 15000, maximumAge: 30000 });
  };

  /* the queue */
  const open = () => new Promise((done, fail) => {
    const asked = indexedDB.open("mashang", 1);
    asked.onupgradeneeded = () => asked.result.createObjectStore("outbox", { keyPath: "key" });
    asked.onsuccess = () => done(asked.result);
    asked.onerror = () => fail(asked.error);
  });
  const run = async (mode, act) => {
    const db = await open();
    try {
      return await new Promise((done, fail) => {
        const work = db.transaction("outbox", mode), asked = act(work.objectStore("outbox"));
        work.oncomplete = () => done(asked.result);
        work.onerror = work.onabort = () => fail(work.error);
      });
    } finally { db.close(); }
  };
  const waiting = async () => (await run("readonly", (s) => s.getAll())).filter((item) => item.who === who()).sort((a, b) => a.at - b.at);
  const save = (item) => run("readwrite", (s) => s.put(item));
  const remove = (key) => run("readwrite", (s) => s.delete(key));

  const enqueue = async (form) => {
    await form.mashangPhotos;
    const fields = [...new FormData(form)].filter(([name]) => name !== "csrfmiddlewaretoken");
    const key = form.elements.key?.value || crypto.randomUUID();
    await save({ key, who: who(), at: Date.now(), url: form.action, title: form.dataset.offline, fields, state: "waiting", text: "" });
    return key;
  };
  const read = (text) => new DOMParser().parseFromString(text, "text/html");
  /* the session has ended, or the page is older than the session: what was typed is not taken, and stays here */
  const shut = (answer) => [401, 403].includes(answer.status) || (answer.redirected && /^\/accounts\//.test(new URL(answer.url).pathname));
  const send = async (item) => {
    const body = new FormData();
    item.fields.forEach(([name, value]) => body.append(name, value));
    const answer = await fetch(item.url, { method: "POST", body, headers: { "X-CSRFToken": token(), "Idempotency-Key": item.key, "X-Queued-At": new Date(item.at).toISOString() } });
    if (shut(answer)) return "sign_in";
    if (answer.ok) { taken(read(await answer.text())); item.onward = answer.redirected ? answer.url : ""; return "sent"; }
    if ([408, 425, 429].includes(answer.status) || answer.status >= 500) return "waiting";
    item.text = (read(await answer.text()).querySelector(".faults li, .note p, h1")?.textContent || "").trim();
    return "refused";
  };
  /* the form that went out is still on the page: on to where its press leads; else say so, with the way there */
  const onward = (item) => {
    const text = `${item.title} · ${say("queue_sent")}`;
    if (item.onward && $$("form[data-offline]").some((form) => form.elements.key?.value === item.key || form.action === item.url)) {
      sessionStorage.setItem("mashang:said", text);
      location.assign(item.onward);
      return;
    }
    note(text, "ok");
    if (item.onward) $("#notes .note")?.append(Object.assign(document.createElement("a"), { href: item.onward, textContent: say("open"), className: "button" }));
  };
  let busy = false;
  const flush = async () => {
    if (busy || !navigator.onLine || who().startsWith("anonymous")) return;
    busy = true;
    try {
      for (const item of await waiting()) {
        if (item.state === "refused") continue;
        await show(item.key);
        let state = "waiting";
        try { state = await send(item); } catch { break; }
        if (state === "sent") { await remove(item.key); document.dispatchEvent(new CustomEvent("mashang:sent", { detail: { key: item.key, url: item.url } })); onward(item); }
        else { item.state = state; await save(item); if (state !== "refused") break; }
      }
    } finally { busy = false; await show(); }
  };
  const show = async (sending = "") => {
    const places = $$("[data-queue]");
    if (!places.length) return;
    const items = await waiting();
    places.forEach((place) => {
      place.closest("[data-queue-box]")?.toggleAttribute("hidden", !items.length);
      place.replaceChildren(...items.map((item) => {
        const line = document.createElement("li"), name = document.createElement("span"), state = document.createElement("span"), end = document.createElement("span");
        const drop = Object.assign(document.createElement("button"), { type: "button", className: "quiet", textContent: say("remove") });
        name.textContent = `${item.title} · ${new Date(item.at).toTimeString().slice(0, 5)}`;
        state.className = `lamp ${item.state === "refused" ? "late" : "warn"}`;
        state.textContent = item.key === sending ? say("queue_sending") : say(`queue_${item.state}`) + (item.text ? `：${item.text}` : "");
        drop.addEventListener("click", async () => { if (confirm(say("remove_sure"))) { await remove(item.key); show(); } });
        end.className = "push";
        const again = Object.assign(document.createElement("button"), { type: "button", textContent: say("send_now") });
        again.addEventListener("click", async () => { item.state = "waiting"; await save(item); flush(); });
        end.append(again);
        end.append(drop);
        line.append(name, state, end);
        return line;
      }));
    });
  };
  document.addEventListener("submit", async (event) => {
    const form = event.target;
    if (!form.matches("[data-offline]") || event.defaultPrevented) return;
    event.preventDefault();
    if (form.dataset.sent) return;
    form.dataset.sent = "1";
    const button = event.submitter || $("[data-send]", form);
    button?.setAttribute("aria-busy", "true");
    const key = await enqueue(form);
    if (!navigator.onLine) { await show(); note(say("queued"), "warn"); unlock(form); return; }
    const item = (await waiting()).find((i) => i.key === key);
    const body = new FormData();
    item.fields.forEach(([name, value]) => body.append(name, value));
    try {
      const answer = await fetch(item.url, { method: "POST", body, headers: { "X-CSRFToken": token(), "Idempotency-Key": key } });
      if (answer.status >= 500) throw new Error("server");
      if (shut(answer)) { await save({ ...item, state: "sign_in" }); if (answer.redirected) location.assign(answer.url); else location.reload(); return; }
      await remove(key);
      const page = read(await answer.text()), main = $("main", page);
      if (answer.redirected) { taken(page); carry($("#notes", page)); location.assign(answer.url); return; }
      if (main) { keepFiles(form, main); $("main").replaceWith(main); document.dispatchEvent(new CustomEvent("htmx:afterSettle", { detail: {} })); $("[data-focus]", main)?.focus(); window.htmx?.process(main); setUp(main); }
    } catch { await show(); note(say("queued"), "warn"); unlock(form); }
  }, true);
  const keepFiles = (form, page) => $$("input[type=file]", form).forEach((old) => {
    const next = old.files.length && $(`input[type=file][name="${old.name}"]`, page);
    if (next) { next.files = old.files; shots(next); }
  });
  /* what the server said on the page that fetch followed to, for the page that the browser opens next */
  const carry = (notes) => { if (notes?.textContent.trim()) sessionStorage.setItem("mashang:said", notes.textContent.trim()); };
  const said = () => { const text = sessionStorage.getItem("mashang:said"); sessionStorage.removeItem("mashang:said"); if (text) note(text, "ok"); };
  const unlock = (form) => { delete form.dataset.sent; $$("[aria-busy]", form).forEach((b) => b.removeAttribute("aria-busy")); };

  const setUp = (root) => {
    $$("input[data-photo]", root).forEach((input) => input.addEventListener("change", () => shots(input)));
    if (navigator.geolocation) $$("[data-locate]", root).forEach((button) => { button.hidden = false; button.addEventListener("click", () => locate(button.closest("[data-place]"))); });
  };
  document.addEventListener("DOMContentLoaded", () => { setUp(document); said(); show(); flush(); });
  addEventListener("online", flush);
  setInterval(flush, 60000);
})();

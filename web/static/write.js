// Writing a mail: kept as it is written, sent with Ctrl+Enter. The page works
// without this file; then the buttons do the same.
(() => {
	"use strict";
	const form = document.getElementById("draft");
	if (!form) return;
	const text = form.elements.text;
	let timer = 0, busy = false, dirty = false, gone = false;

	const state = () => document.getElementById("draft-state");
	function say(words, failed) {
		const line = state().querySelector(".saved");
		line.textContent = words;
		line.classList.toggle("failed", !!failed);
	}

	function fields(files) {
		const data = new FormData(form);
		if (!files) data.delete("files");
		data.delete("sure");
		data.set("do", "keep");
		return data;
	}

	// One request at a time; what was written meanwhile goes with the next.
	async function keep(files, extra) {
		clearTimeout(timer);
		if (gone) return;
		if (busy) { dirty = true; timer = setTimeout(() => keep(files, extra), 300); return; }
		busy = true;
		dirty = false;
		const data = fields(files);
		if (extra) data.set("do", extra);
		if (files) say(form.dataset.saving);
		try {
			const res = await fetch(form.action, { method: "POST", body: data, headers: { "HX-Request": "true" } });
			if (!res.ok) throw new Error(res.status);
			const page = new DOMParser().parseFromString(await res.text(), "text/html");
			const fresh = page.getElementById("draft-state");
			if (fresh) state().replaceWith(fresh);
			if (files) form.elements.files.value = "";
		} catch {
			dirty = true;
			say(form.dataset.offline, true);
		}
		busy = false;
	}

	form.addEventListener("input", (e) => {
		if (e.target.type === "file") return;
		dirty = true;
		clearTimeout(timer);
		timer = setTimeout(() => keep(false), 1200);
	});
	form.addEventListener("change", (e) => { if (e.target.type === "file" && e.target.files.length) keep(true); });

	form.addEventListener("click", (e) => {
		const snippet = e.target.closest("[data-snippet]");
		if (snippet) {
			e.preventDefault();
			text.focus();
			const at = text.selectionStart;
			const before = text.value.slice(0, at), lead = before && !before.endsWith("\n") ? "\n\n" : "";
			text.setRangeText(lead + snippet.dataset.snippet, at, text.selectionEnd, "end");
			text.dispatchEvent(new Event("input", { bubbles: true }));
			return;
		}
		const remove = e.target.closest("[data-remove]");
		if (remove) { e.preventDefault(); keep(false, remove.value); }
	});

	// Ctrl+Enter sends from anywhere in the form; Enter in a line moves on to the
	// text and sends nothing.
	form.addEventListener("keydown", (e) => {
		if (e.key !== "Enter" || e.isComposing) return;
		if (e.ctrlKey || e.metaKey) {
			e.preventDefault();
			form.requestSubmit(form.querySelector("[data-send]"));
		} else if (e.target.name === "subject") {
			e.preventDefault();
			text.focus();
		}
	});

	form.addEventListener("submit", () => { gone = true; clearTimeout(timer); });
	window.addEventListener("pageshow", () => { gone = false; });

	// Whoever leaves in the middle of a sentence finds it again.
	window.addEventListener("pagehide", () => { if (dirty && !gone) navigator.sendBeacon(form.action, fields(false)); });

	// After a fault or a question the cursor is where people go on.
	if (!form.querySelector(".ask-first")) { text.focus(); text.setSelectionRange(text.value.length, text.value.length); }
})();

// Keyboard and small comforts. Every page works without this file.
(() => {
	"use strict";
	const typing = (e) => e.target.closest("input, textarea, select, [contenteditable]");
	const steps = () => [...document.querySelectorAll("[data-step]")];
	const grip = (step) => step.querySelector("summary, a") || step;

	// j and k walk through a list: the entry after or before the one in focus.
	function step(by) {
		const all = steps();
		const at = all.findIndex((s) => s.contains(document.activeElement));
		const next = all[at < 0 ? (by > 0 ? 0 : all.length - 1) : at + by];
		if (!next) return;
		grip(next).focus({ preventScroll: true });
		next.scrollIntoView({ block: "nearest" });
	}

	// y and n answer the question in focus.
	function answer(key) {
		const asked = document.activeElement && document.activeElement.closest("[data-step], .asks li");
		const button = asked && asked.querySelector(`.answers button[aria-keyshortcuts="${key}"]`);
		if (button) button.click();
	}

	document.addEventListener("keydown", (e) => {
		if (e.ctrlKey || e.metaKey || e.altKey) return;
		if (e.key === "Escape") {
			const menu = e.target.closest("details.me[open]");
			if (menu) { menu.open = false; menu.querySelector("summary").focus(); }
			else if (typing(e)) e.target.blur();
			return;
		}
		if (typing(e)) return;
		if (e.key === "/") {
			const find = document.getElementById("find");
			if (find) { e.preventDefault(); find.focus(); find.select(); }
		} else if (e.key === "j") step(1);
		else if (e.key === "k") step(-1);
		else if (e.key === "y" || e.key === "n") answer(e.key);
		else if (e.key === "r") {
			const here = steps().find((s) => s.contains(document.activeElement));
			const answer = here && here.querySelector("details[open] [data-reply], .inside [data-reply]") || document.querySelector(".answer-bar [data-reply]");
			if (answer) { e.preventDefault(); answer.form.requestSubmit(answer); }
		}
	});

	// A press outside closes the menu of the person.
	document.addEventListener("click", (e) => {
		for (const menu of document.querySelectorAll("details.me[open]")) if (!menu.contains(e.target)) menu.open = false;
	});

	// A half-written note outlives a reload by mistake.
	const form = document.getElementById("note-form");
	if (form) {
		let sent = false;
		form.addEventListener("submit", () => { sent = true; });
		window.addEventListener("beforeunload", (e) => {
			const body = form.elements.body;
			if (!sent && body.value.trim() && body.value !== body.defaultValue) e.preventDefault();
		});
	}

	// New entries above must not move what somebody is reading.
	let held = null;
	document.addEventListener("htmx:before:swap", () => {
		if (held || window.scrollY < 60) return;
		const step = steps().find((s) => s.getBoundingClientRect().bottom > 80);
		if (step && step.id) held = { id: step.id, top: step.getBoundingClientRect().top };
	});
	document.addEventListener("htmx:after:swap", () => {
		const step = held && document.getElementById(held.id);
		if (step) window.scrollBy(0, step.getBoundingClientRect().top - held.top);
		held = null;
	});

	// A mail that was just let go: the seconds until it leaves.
	const leaving = new Map();
	function countDown() {
		const now = performance.now();
		for (const line of document.querySelectorAll("[data-leaves]")) {
			if (!leaving.has(line)) leaving.set(line, { until: now + Number(line.dataset.leaves), text: line.dataset.leaves });
			let it = leaving.get(line);
			if (it.text !== line.dataset.leaves) { it = { until: now + Number(line.dataset.leaves), text: line.dataset.leaves }; leaving.set(line, it); }
			const left = Math.ceil((it.until - now) / 1000);
			if (left > 0) { const b = line.querySelector("b"); if (b.textContent !== String(left)) b.textContent = left; continue; }
			line.textContent = line.dataset.after;
			line.removeAttribute("data-leaves");
			const undo = line.parentElement.querySelector("[data-undo]");
			if (undo) undo.hidden = true;
		}
	}
	setInterval(countDown, 250);

	// A form that was sent takes a moment: say so, and do not send it twice.
	document.addEventListener("submit", (e) => {
		const button = e.submitter;
		if (e.target.method === "post" && button && !e.defaultPrevented) setTimeout(() => { button.disabled = true; }, 0);
	});
	window.addEventListener("pageshow", () => { for (const b of document.querySelectorAll("form button:disabled")) b.disabled = false; });
})();

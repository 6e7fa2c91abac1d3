"use strict";
const main = document.querySelector("main");
const state = document.getElementById("state");
const AGAIN_MS = 5000;
let run = null;

function say(text) {
  state.textContent = text;
}

function put(part, html) {
  let place = document.getElementById("part-" + part);
  if (place === null) {
    place = document.createElement("div");
    place.id = "part-" + part;
  }
  if (html !== undefined) {
    const open = [...place.querySelectorAll("details")].map(one => one.open);
    place.innerHTML = html;
    place.querySelectorAll("details").forEach((one, n) => { one.open = open[n] ?? one.open; });
  }
  return place;
}

function show(news) {
  document.title = news.title;
  const places = news.order.map(part => put(part, news.parts[part]));
  [...main.children].forEach(place => { if (!places.includes(place)) place.remove(); });
  places.forEach((place, n) => {
    if (main.children[n] !== place) main.insertBefore(place, main.children[n] ?? null);
  });
}

function follow() {
  const source = new EventSource("events");
  source.addEventListener("open", () => say("live"));
  source.addEventListener("parts", event => show(JSON.parse(event.data)));
  source.addEventListener("end", event => {
    source.close();
    const last = JSON.parse(event.data);
    run = last.run;
    say("The run is over: " + last.title);
    setTimeout(look, AGAIN_MS);
  });
  source.addEventListener("error", () => {
    const closed = source.readyState === EventSource.CLOSED;
    say(closed ? "Too many pages are open, or pytest-soak live has ended; trying again."
      : "No connection to pytest-soak live; trying again.");
    if (closed) setTimeout(follow, AGAIN_MS);
  });
}

async function look() {
  try {
    const there = await (await fetch("run")).json();
    if (there.run !== run || !there.over) return follow();
  } catch {
    say("pytest-soak live has ended; this is the last that it showed.");
  }
  setTimeout(look, AGAIN_MS);
}

follow();

// Two sounds, one of which is heard; or both, the second kept beside the first by its speed.

const sound = { a: byId('sound-a'), b: byId('sound-b') };
const heard = ['a', 'b'].filter((side) => sound[side]);
const FAR_S = 0.3;

const player = {
  side: heard[0] || 'a',
  both: false, // A and B together
  free: false, // together, but placed by hand where no passage joins them
  playing: false,
  speed: 1,
  volume: 1,
  passage: -1,
  queue: [], // stretches still to be played: {side, start, end, passage}
  looping: false,
};

const listeners = [];
const changed = () => listeners.forEach((listener) => listener());
const say = (text) => { byId('status').textContent = text; };
const now = (side) => (sound[side] ? sound[side].currentTime : 0);
const noCounterpart = (side, t) =>
  say(`No counterpart: nothing in ${other(side).toUpperCase()} answers ${side.toUpperCase()} at ${clock(t)}.`);

function start(side) {
  const element = sound[side];
  element.playbackRate = player.speed;
  element.play().catch((error) => {
    if (error.name !== 'AbortError') { pause(); say('The browser did not start the sound; press play once more.'); }
  });
}

function play() {
  player.playing = true;
  start(player.side);
  if (player.both) start(other(player.side));
  changed();
}

function pause() {
  player.playing = false;
  heard.forEach((side) => sound[side].pause());
  changed();
}

const toggle = () => (player.playing ? pause() : play());

function place(side, t) {
  sound[side].currentTime = clamp(t, 0, Math.max(0, data.duration[side] - 0.02));
}

// Only this side is heard from now on; it keeps playing if anything was.
function solo(side) {
  player.both = player.free = false;
  player.side = side;
  if (player.playing) start(side);
  if (sound[other(side)]) sound[other(side)].pause();
}

function seek(side, t) {
  if (!sound[side]) { say(`${side.toUpperCase()} has no sound on this page.`); return; }
  player.queue = [];
  player.looping = false;
  place(side, t);
  if (player.both) {
    player.free = false;
    player.side = side;
    const answer = counterpart(side, t, player.passage);
    if (answer === null) { solo(side); noCounterpart(side, t); } else place(other(side), answer);
  } else if (side !== player.side) solo(side);
  player.passage = passageAt(side, t, player.passage);
  changed();
}

function listen(choice) {
  if (choice === 'both') { listenToBoth(); return; }
  if (!sound[choice]) { say(`${choice.toUpperCase()} has no sound on this page.`); return; }
  if (player.both) { solo(choice); changed(); return; }
  if (choice === player.side) return;
  const t = now(player.side);
  const index = passageAt(player.side, t, player.passage);
  if (index < 0) { noCounterpart(player.side, t); return; }
  player.passage = index;
  place(choice, answerIn(index, player.side, t));
  if (player.queue.length) {
    const [from, to] = extent(player.queue[0].passage, choice);
    player.queue[0] = { side: choice, start: from, end: to, passage: player.queue[0].passage };
  }
  solo(choice);
  say(`Listening to ${choice.toUpperCase()}.`);
  changed();
}

function listenToBoth() {
  if (heard.length < 2) return;
  const t = now(player.side);
  const answer = counterpart(player.side, t, player.passage);
  if (answer === null) { noCounterpart(player.side, t); return; }
  together(player.side, t, answer, false);
  if (player.playing) play();
}

function together(side, t, answer, free) {
  Object.assign(player, { both: true, free, side, queue: [], looping: false });
  place(side, t);
  place(other(side), answer);
  say(free ? 'A and B together, placed by hand.' : 'A and B together.');
  changed();
}

// A place of the matrix: both play from there, joined by a passage if one runs within half a second.
function playBoth(a, b) {
  if (heard.length < 2) { seek(heard[0], heard[0] === 'a' ? a : b); play(); return; }
  const near = data.order.find((index) => holds(index, 'a', a) && Math.abs(answerIn(index, 'a', a) - b) < 0.5);
  player.passage = near === undefined ? -1 : near;
  together('a', a, near === undefined ? b : answerIn(near, 'a', a), near === undefined);
  play();
}

const swap = () => listen(other(player.side));

function playPassage(index, how) {
  if (index < 0 || index >= passages.length) return;
  const stretch = (side) => { const [from, to] = extent(index, side); return { side, start: from, end: to, passage: index }; };
  const sides = { a: ['a'], b: ['b'], ab: ['a', 'b'], loop: ['a', 'b'] }[how].filter((side) => sound[side]);
  if (!sides.length) return;
  player.passage = index;
  player.looping = how === 'loop';
  player.queue = sides.map(stretch);
  say(`Passage P${index + 1}${how === 'loop' ? ', again and again' : ''}.`);
  begin();
}

function begin() {
  const { side, start: from } = player.queue[0];
  player.playing = true;
  place(side, from);
  solo(side);
  changed();
}

function loop() {
  if (player.looping) {
    player.looping = false;
    player.queue = [];
    say('Loop off.');
    changed();
    return;
  }
  const index = player.passage >= 0 ? player.passage : passageAt(player.side, now(player.side));
  if (index < 0) say('No passage here to loop.'); else playPassage(index, 'loop');
}

function tick() {
  if (!player.playing) return;
  const lead = sound[player.side];
  const [stretch] = player.queue;
  if (stretch && (lead.currentTime >= stretch.end || lead.ended)) {
    player.queue.shift();
    if (player.looping) player.queue.push(stretch);
    if (player.queue.length) begin(); else { pause(); say(`End of passage P${stretch.passage + 1}.`); }
  } else if (lead.ended) pause();
  if (player.both) follow();
}

// Keep the second sound where it belongs, by its speed where it is near, by a jump where it is not.
function follow() {
  const { side, free, speed } = player;
  const [lead, second] = [sound[side], sound[other(side)]];
  const ratio = side === 'a' ? data.tempo_ratio : 1 / data.tempo_ratio;
  if (free) { second.playbackRate = clamp(speed * ratio, 0.25, 4); return; }
  const index = passageAt(side, lead.currentTime, player.passage);
  if (index < 0) { second.pause(); return; }
  player.passage = index;
  const wanted = answerIn(index, side, lead.currentTime);
  const off = wanted - second.currentTime;
  if (Math.abs(off) > FAR_S) place(other(side), wanted);
  const [from, to] = extent(index, side);
  const [low, high] = [Math.max(from, lead.currentTime - 1), Math.min(to, lead.currentTime + 1)];
  const slope = high > low ? (answerIn(index, side, high) - answerIn(index, side, low)) / (high - low) : ratio;
  second.playbackRate = clamp(speed * slope * (1 + clamp(off, -0.15, 0.15)), 0.25, 4);
  if (second.paused) second.play().catch(() => {});
}

function setSpeed(speed) {
  player.speed = speed;
  heard.forEach((side) => { sound[side].playbackRate = speed; });
  changed();
}

function setVolume(volume) {
  player.volume = volume;
  heard.forEach((side) => { sound[side].volume = clamp(volume * data.volume[side], 0, 1); });
}

// What keys and buttons do, and what the player's bar shows.

const press = (button, on) => button.setAttribute('aria-pressed', String(on));

function showWhere() {
  const place = (side) => `${side.toUpperCase()} ${clock(now(side))}`;
  const answer = player.both ? now(other(player.side)) : counterpart(player.side, now(player.side), player.passage);
  const far = answer === null ? 'no counterpart' : `${other(player.side).toUpperCase()} ${clock(answer)}`;
  const joint = player.both ? (player.free ? ' with ' : ' + ') : answer === null ? ' · ' : ' ↔ ';
  const named = player.passage >= 0 && holds(player.passage, player.side, now(player.side)) ? `P${player.passage + 1}  ` : '';
  byId('where').textContent = named + place(player.side) + joint + far;
}

function showPositions() {
  for (const side of heard) {
    const range = byId(`seek-${side}`);
    range.value = now(side);
    range.setAttribute('aria-valuetext', clock(now(side)));
    byId(`time-${side}`).textContent = clock(now(side));
  }
  showWhere();
  drawHeads();
}

function showState() {
  press(byId('play'), player.playing);
  byId('play').querySelector('.face').textContent = player.playing ? '❚❚' : '▶';
  byId('play').querySelector('.word').textContent = player.playing ? 'Pause' : 'Play';
  press(byId('loop'), player.looping);
  every('[data-listen]').forEach((button) =>
    press(button, player.both ? button.dataset.listen === 'both' : button.dataset.listen === player.side));
  every('[data-speed]').forEach((button) => press(button, Number(button.dataset.speed) === player.speed));
  every('.position').forEach((row) => {
    const { side } = row.querySelector('input').dataset;
    row.classList.toggle('active', player.both || side === player.side);
  });
  drawCurrent();
  showPositions();
}

let drawing = false;

function frame() {
  drawing = player.playing;
  if (!drawing) return;
  showPositions();
  requestAnimationFrame(frame);
}

const KEYS = {
  ' ': toggle,
  x: swap,
  l: loop,
  ArrowLeft: () => seek(player.side, now(player.side) - 5),
  ArrowRight: () => seek(player.side, now(player.side) + 5),
};

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || !byId('keys-on').checked) return;
  const target = event.target;
  const typing = target.matches('input:not([type=checkbox]):not([type=range]), select, textarea');
  const pressing = target.matches('button, summary, a, input, select');
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (typing || (key === ' ' && pressing) || (key.startsWith('Arrow') && target.matches('input, select, .scroll, .wide'))) return;
  if (/^[1-9]$/.test(key)) playPassage(Number(key) - 1, 'ab');
  else if (KEYS[key]) KEYS[key]();
  else return;
  event.preventDefault();
}

function listenToBar() {
  byId('play').addEventListener('click', toggle);
  byId('loop').addEventListener('click', loop);
  byId('volume').addEventListener('input', (event) => setVolume(Number(event.target.value)));
  every('[data-listen]').forEach((button) => button.addEventListener('click', () => listen(button.dataset.listen)));
  every('[data-speed]').forEach((button) => button.addEventListener('click', () => setSpeed(Number(button.dataset.speed))));
  heard.forEach((side) => {
    sound[side].preservesPitch = true;
    sound[side].removeAttribute('controls');
    byId(`seek-${side}`).addEventListener('input', (event) => seek(side, Number(event.target.value)));
    sound[side].addEventListener('seeked', showPositions);
  });
  document.addEventListener('keydown', onKey);
  listeners.push(showState, () => { if (!drawing) requestAnimationFrame(frame); });
  setInterval(tick, 20);
  setVolume(1);
  showState();
}

document.documentElement.classList.add('js');
listenToTable();
listenToFigures();
fit();
if (heard.length) listenToBar();

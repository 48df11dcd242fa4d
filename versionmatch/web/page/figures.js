// Drawings that are clicked, carry a playhead, are zoomed, and show what is being played.

const stack = byId('stack');
const matrix = byId('matrix');
const cross = { a: 0, b: 0 };

// The moment on a side's time that is being heard, or that answers what is being heard; null where nothing does.
function moment(side) {
  if (player.both || side === player.side) return { t: now(side), ghost: false };
  const t = counterpart(player.side, now(player.side), player.passage);
  return t === null ? null : { t, ghost: true };
}

function drawHeads() {
  const where = { a: moment('a'), b: moment('b') };
  for (const strip of every('.strip.seekable')) {
    const head = strip.lastElementChild;
    const at = where[strip.dataset.axis];
    const [from, to] = [Number(strip.dataset.from), Number(strip.dataset.to)];
    head.classList.toggle('on', at !== null);
    if (at === null) continue;
    head.classList.toggle('ghost', at.ghost);
    const x = `${(100 * (at.t - from)) / (to - from)}%`;
    head.setAttribute('x1', x);
    head.setAttribute('x2', x);
  }
  if (player.playing) {
    if (where.a) cross.a = where.a.t;
    if (where.b) cross.b = where.b.t;
    drawCross();
    if (where.a) keepInSight(where.a.t / data.duration.a);
  }
}

function drawCross() {
  if (!matrix) return;
  const height = matrix.viewBox.baseVal.height;
  const x = (1000 * cross.a) / data.duration.a;
  const y = height - (height * cross.b) / data.duration.b;
  const set = (line, values) => Object.entries(values).forEach(([name, value]) => line.setAttribute(name, value));
  set(matrix.querySelector('.cross.a'), { x1: x, x2: x });
  set(matrix.querySelector('.cross.b'), { y1: y, y2: y });
}

function keepInSight(share) {
  if (!stack || stack.scrollWidth <= stack.clientWidth) return;
  const plot = stack.querySelector('.strip');
  const x = plot.getBoundingClientRect().left - stack.getBoundingClientRect().left + share * plot.getBoundingClientRect().width;
  if (x < 100 || x > stack.clientWidth - 40) stack.scrollLeft += x - stack.clientWidth / 3;
}

// Texts that do not fit their stretch are left out; a plain page shows those that fit on paper.
function fit() {
  for (const text of every('text.fit')) {
    let shape = text.previousElementSibling;
    while (shape && shape.tagName !== 'rect') shape = shape.previousElementSibling;
    if (!shape) continue;
    const room = shape.getBoundingClientRect().width;
    text.classList.toggle('crowded', room > 0 && room < 7 * text.textContent.length + 5);
  }
}

function zoom(times) {
  stack.style.setProperty('--zoom', times);
  fit();
}

function light(index, on) {
  every(`[data-passage="${index}"]`).forEach((element) => element.classList.toggle('lit', on));
}

function drawCurrent() {
  every('[data-passage].current').forEach((element) => element.classList.remove('current'));
  if (player.passage >= 0) {
    every(`[data-passage="${player.passage}"]:not(button)`).forEach((element) => element.classList.add('current'));
  }
}

function clickStrip(strip, event) {
  const box = strip.getBoundingClientRect();
  const [from, to] = [Number(strip.dataset.from), Number(strip.dataset.to)];
  let t = from + ((event.clientX - box.left) / box.width) * (to - from);
  const { side, axis } = strip.dataset;
  if (side !== axis) {
    const answer = counterpart(axis, t);
    if (answer === null) { noCounterpart(axis, t); return; }
    t = answer;
  }
  if (t > data.duration[side]) return;
  seek(side, t);
}

// A single note of a roll or a staff: its own recording is sought there.
function clickNote(event) {
  const note = event.target.closest('[data-at]');
  if (!note) return;
  event.stopPropagation();
  seek(note.dataset.side, Number(note.dataset.at));
}

function showKeying(original) {
  document.documentElement.classList.toggle('original', original);
  every('[data-keying]').forEach((box) => { box.checked = original; });
  every('input[name=keying]').forEach((radio) => { radio.checked = (radio.value === 'original') === original; });
}

function clickMatrix(event) {
  const box = matrix.getBoundingClientRect();
  cross.a = clamp((event.clientX - box.left) / box.width, 0, 1) * data.duration.a;
  cross.b = clamp(1 - (event.clientY - box.top) / box.height, 0, 1) * data.duration.b;
  drawCross();
  playBoth(cross.a, cross.b);
}

function matrixKey(event) {
  const step = event.shiftKey ? 10 : 1;
  const move = { ArrowLeft: ['a', -step], ArrowRight: ['a', step], ArrowDown: ['b', -step], ArrowUp: ['b', step] }[event.key];
  if (move) {
    cross[move[0]] = clamp(cross[move[0]] + move[1], 0, data.duration[move[0]]);
    drawCross();
    if (heard.length) say(`A ${clock(cross.a)}, B ${clock(cross.b)}`);
  } else if (event.key === 'Enter') playBoth(cross.a, cross.b);
  else return;
  event.preventDefault();
  event.stopPropagation();
}

function listenToFigures() {
  if (heard.length) {
    every('.strip.seekable').forEach((strip) => strip.addEventListener('click', (event) => clickStrip(strip, event)));
    every('.tune').forEach((figure) => figure.addEventListener('click', clickNote, true));
    every('.ribbon').forEach((shape) =>
      shape.addEventListener('click', () => playPassage(Number(shape.dataset.passage), 'ab')));
  }
  if (matrix && heard.length) matrix.addEventListener('click', clickMatrix);
  if (matrix && heard.length) matrix.addEventListener('keydown', matrixKey);
  for (const element of every('.ribbon, .passages tr[data-passage], .shared')) {
    element.addEventListener('pointerenter', () => light(element.dataset.passage, true));
    element.addEventListener('pointerleave', () => light(element.dataset.passage, false));
  }
  if (byId('zoom')) byId('zoom').addEventListener('change', (event) => zoom(event.target.value));
  every('input[name=keying]').forEach((radio) =>
    radio.addEventListener('change', () => showKeying(radio.value === 'original' && radio.checked)));
  every('[data-keying]').forEach((box) => box.addEventListener('change', () => showKeying(box.checked)));
  new ResizeObserver(fit).observe(document.body);
}

// Sound from disk: made when a row is opened, one heard at a time, both of a match one after another.

// A path as a URL: every part escaped, bytes that were no UTF-8 (as lone surrogates) put back as they were.
const escaped = (char) => {
  if (/^[\udc80-\udcff]$/.test(char)) return `%${(char.charCodeAt(0) - 0xdc00).toString(16)}`;
  try { return encodeURIComponent(char); } catch { return '%EF%BF%BD'; }
};
const toUrl = (path) => path.split('/').map((part) => [...part].map(escaped).join('')).join('/');

function player(from, span, side, preload = 'metadata') {
  if (from.path === null) return el('p', { class: 'none' }, 'Where its sound lies is not known.');
  const part = span ? `#t=${span[0].toFixed(2)},${span[1].toFixed(2)}` : '';
  const name = side ? `Sound of ${side.toUpperCase()}: ${from.name}` : `Sound: ${from.name}`;
  const audio = el('audio', { controls: true, preload, src: toUrl(from.path) + part, 'aria-label': name });
  audio.addEventListener('error', () => {
    const gone = ['The sound cannot be played from ', named(from.path), ': the file is not there, or this browser does not know its format.'];
    audio.replaceWith(el('p', { class: 'none missing' }, gone));
  }, { once: true });
  return audio;
}

document.addEventListener('play', ({ target }) => {
  every('audio').forEach((audio) => { if (audio !== target) audio.pause(); });
}, true);

// Plays a stretch; whether it was heard to its end.
function stretch(audio, [from, to]) {
  return new Promise((resolve) => {
    const done = (whole) => {
      for (const [name, act] of Object.entries(acts)) audio.removeEventListener(name, act);
      if (whole) audio.pause();
      resolve(whole);
    };
    const near = () => audio.ended || audio.currentTime >= to - 0.3;
    const acts = {
      timeupdate: () => { if (audio.ended || audio.currentTime >= to) done(true); },
      pause: () => done(near()),
      ended: () => done(true),
      error: () => done(false),
    };
    for (const [name, act] of Object.entries(acts)) audio.addEventListener(name, act);
    audio.currentTime = from;
    audio.play().catch(() => done(false));
  });
}

async function playInTurn(place) {
  const [a, b] = ['a', 'b'].map((side) => place.querySelector(`.side-${side} audio`));
  const face = place.querySelector('.in-turn');
  if (face.getAttribute('aria-pressed') === 'true') { place.stopped = true; a?.pause(); b?.pause(); return; }
  place.stopped = false;
  const { spans } = place;
  const told = place.querySelector('.hearing');
  face.setAttribute('aria-pressed', 'true');
  for (const [audio, span, side] of [[a, spans[0], 'A'], [b, spans[1], 'B']]) {
    if (!audio) { told.textContent = `${side} cannot be played.`; continue; }
    told.textContent = `Hearing ${side} from ${clock(span[0])}`;
    if (!(await stretch(audio, span)) || place.stopped) break;
  }
  face.setAttribute('aria-pressed', 'false');
  if (told.textContent.startsWith('Hearing')) told.textContent = '';
}

const hush = (place) => every('audio', place).forEach((audio) => audio.pause());

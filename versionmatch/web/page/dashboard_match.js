// One match: a line that can be decided at once, and all there is to know of it when it is opened.

function sideLine(from, side) {
  return el('span', { class: 'one' }, badge(side), ' ', named(from.name, 'title'),
    from.artist ? named(from.artist, 'artist') : null, flagged(from.flags));
}

function scoreFace(score) {
  const bar = svg('svg', { class: 'score-bar', viewBox: '0 0 100 6', preserveAspectRatio: 'none', 'aria-hidden': 'true' },
    svg('rect', { class: 'bar-back', width: 100, height: 6 }), svg('rect', { class: 'bar', width: 100 * score, height: 6 }));
  return el('span', { class: 'score' }, el('span', { class: 'visually-hidden' }, 'score '), el('b', {}, score < 1 && score >= 0.9995 ? '>0.999' : score.toFixed(3)), bar);
}

// A row that opens; what is inside is made when it is opened and gone, with its sound, when it is closed.
function opening(face, fill) {
  const id = `inside-${opening.made = (opening.made || 0) + 1}`;
  const inside = el('div', { class: 'inside-row', id, hidden: true });
  const opener = button(face, async () => {
    const open = opener.getAttribute('aria-expanded') !== 'true';
    opener.setAttribute('aria-expanded', String(open));
    inside.hidden = !open;
    hush(inside);
    inside.replaceChildren();
    if (!open) return;
    try {
      const content = await fill(inside);
      if (!inside.hidden) inside.replaceChildren(...content);
    } catch (error) { trouble(error); }
  }, { class: 'opener', 'aria-expanded': 'false', 'aria-controls': id });
  return { opener, inside };
}

function matchRow(i) {
  const [a, b] = [recording(matches.query[i]), recording(matches.reference[i])];
  const tier = matches.tiers[matches.tier[i]];
  const face = [
    scoreFace(matches.score[i] / 10000),
    el('span', { class: 'pair' }, sideLine(a, 'a'), ' ', sideLine(b, 'b')),
    el('span', { class: 'what' },
      el('span', { class: 'tier' }, el('span', { class: 'sign', 'aria-hidden': 'true' }, facts.signs[tier] || '·'), ' ', tier), ' ',
      el('span', { class: 'matched' }, `${clock(matches.matched[i] / 10)} matched`)),
  ];
  const { group, show } = chooser(a.id, b.id, tier);
  const { opener, inside } = opening(face, (place) => openedMatch(i, a, b, tier, place));
  const row = el('li', { class: 'match', decided: show }, el('div', { class: 'line' }, opener, group), inside);
  show();
  return row;
}

async function openedMatch(i, a, b, tier, place) {
  const match = await details(i);
  place.spans = [match.query, match.reference];
  return [
    el('div', { class: 'bars' },
      barLabel('a', match.query, a.duration),
      timeBars(match.query, match.reference, [a.duration || 0, b.duration || 0]),
      barLabel('b', match.reference, b.duration)),
    list([
      ['where', later(match.reference[0] - match.query[0])],
      ['transposition', transposed(match.transpose)],
      ['tempo', tempo(match.tempo)],
      ['matched', `${clock(matches.matched[i] / 10, true)}: ${percent(match.coverage[0])} of A, ${percent(match.coverage[1])} of B`],
      ['beside chance', beside(match.p, tier)],
      ['found by', [match.method, match.model ? [', proposed by ', el('code', {}, match.model)] : '', `; A’s match no. ${match.rank}`]],
    ]),
    el('div', { class: 'in-turns' },
      button([el('span', { 'aria-hidden': 'true' }, '▶ '), 'Play both from the matched place'], () => playInTurn(place),
        { class: 'in-turn', 'aria-pressed': 'false' }),
      el('span', { class: 'hearing', role: 'status' })),
    el('div', { class: 'two' }, [[a, 'a', match.query], [b, 'b', match.reference]].map(([from, side, span]) => sideCard(from, side, span))),
    noteField(a.id, b.id, tier),
  ];
}

const barLabel = (side, [from, to], length) => el('p', { class: 'bar-label' }, badge(side), ' ',
  el('b', {}, `${clock(from, true)} – ${clock(to, true)}`), length === null ? ' of a length that is not known' : ` of ${clock(length)}`);

function beside(p, tier) {
  const null_ = facts.nulls[tier] || facts.nulls[''];
  if (p === null) return 'no p-value: no null stands beside this score';
  return null_ ? [`p = ${p} against “`, named(null_), '”'] : `p = ${p}; which null it refers to is not stated`;
}

function sideCard(from, side, span) {
  return el('div', { class: `card ${side} side-${side}` },
    el('h3', {}, badge(side), ' ', named(from.name)),
    list([
      from.artist ? ['artist', named(from.artist)] : null,
      ['length', from.duration === null ? 'not known' : clock(from.duration, true)],
      ['file', from.path === null ? 'not known' : named(from.path, 'path')],
      ['id', el('code', {}, from.id)],
      from.flags.length ? ['remarks', from.flags.map(flagWords).join('; ')] : null,
    ].filter(Boolean)),
    player(from, span, side));
}

function noteField(query, reference, tier) {
  const field = el('input', { type: 'text', autocomplete: 'off', value: decisionOf(query, reference)?.note || '' });
  field.addEventListener('change', () => remark(query, reference, tier, field.value.trim()));
  return el('label', { class: 'note' }, 'Note ', field);
}

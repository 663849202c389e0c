'use strict';
// The status page: asks every two seconds, listens for incidents, and says how old its data is.

const POLL_MS = 2000;
const STALE_MS = 5000;
const SHAPES = { critical: '◆', high: '▲', medium: '■', low: '●', informational: '○' };

const byId = (id) => document.getElementById(id);
let token = sessionStorage.getItem('castellan-token');
let seen = 0;
let counts = new Map();
let countedAt = 0;

async function ask(path) {
  const answer = await fetch(path, { headers: { authorization: `Bearer ${token}` } });
  if (answer.ok) return answer.json();
  const problem = await answer.json().catch(() => ({ detail: `the server answers ${answer.status}` }));
  const error = new Error(problem.detail);
  error.status = answer.status;
  throw error;
}

function cell(row, text, name) {
  const td = row.insertCell();
  td.textContent = text;
  if (name) td.className = name;
  return td;
}

function rows(table, items, fill) {
  const body = byId(table).tBodies[0];
  body.replaceChildren();
  for (const item of items) fill(body.insertRow(), item);
}

function owner(of) {
  return `${of.kind} ${of.id}`;
}

function showIncidents(incidents, status) {
  byId('incidents').hidden = incidents.length === 0;
  byId('calm').textContent = incidents.length === 0
    ? `All is well: no incident is open. Watching since ${new Date(status.started_at).toLocaleString()}.`
    : '';
  const rank = Object.keys(SHAPES);
  incidents.sort((a, b) => rank.indexOf(a.level) - rank.indexOf(b.level));
  rows('incidents', incidents, (row, incident) => {
    cell(row, `${SHAPES[incident.level] ?? ''} ${incident.level}`, `level ${incident.level}`);
    const what = cell(row, incident.title);
    const because = document.createElement('span');
    because.className = 'because';
    because.textContent = incident.because;
    what.append(because);
    cell(row, owner(incident.owner));
    cell(row, incident.state.replace('_', ' '));
    cell(row, new Date(incident.last_seen).toLocaleString());
  });
}

function total(lines, boundary, outcome) {
  return lines.filter((line) => line.boundary === boundary && line.outcome === outcome)
    .reduce((sum, line) => sum + line.records, 0);
}

function showSources(sources) {
  const now = Date.now();
  const seconds = (now - countedAt) / 1000;
  const before = counts;
  counts = new Map();
  rows('sources', sources, (row, source) => {
    const received = total(source.accounts, 'intake', 'received');
    counts.set(source.id, received);
    const rate = countedAt && before.has(source.id) ? (received - before.get(source.id)) / seconds : 0;
    cell(row, source.id);
    cell(row, source.mapping);
    const state = source.state ?? 'no heartbeat';
    cell(row, state, state);
    cell(row, received.toLocaleString(), 'number');
    cell(row, rate.toFixed(1), 'number');
    cell(row, total(source.accounts, 'normalise', 'rejected').toLocaleString(), 'number');
    cell(row, total(source.accounts, 'intake', 'dropped').toLocaleString(), 'number');
  });
  countedAt = now;
}

function showAccounts(lines) {
  const boundaries = ['listen', 'intake', 'normalise'];
  rows('accounts', boundaries, (row, boundary) => {
    cell(row, boundary);
    for (const outcome of ['received', 'kept', 'rejected', 'dropped']) {
      cell(row, total(lines, boundary, outcome).toLocaleString(), 'number');
    }
  });
}

async function refresh() {
  const [status, sources, accounts, page] = await Promise.all([
    ask('/v1/status'), ask('/v1/sources'), ask('/v1/accounts'),
    ask('/v1/incidents?state=new,acknowledged,in_progress&limit=100'),
  ]);
  byId('organisation').textContent = status.organisation;
  byId('sign-in').hidden = true;
  byId('status').hidden = false;
  showIncidents(page.incidents, status);
  showSources(sources);
  showAccounts(accounts);
  seen = Date.now();
}

function showAge() {
  if (!seen) return;
  const age = Date.now() - seen;
  const stale = age > STALE_MS;
  byId('age').textContent = stale ? `no answer for ${Math.round(age / 1000)} s` : 'live';
  byId('age').classList.toggle('stale', stale);
  byId('status').classList.toggle('stale-data', stale);
}

async function poll() {
  try {
    await refresh();
  } catch (error) {
    if (error.status === 401 || error.status === 403) {
      token = null;
      sessionStorage.removeItem('castellan-token');
      byId('refusal').textContent = error.message;
      byId('sign-in').hidden = false;
      byId('status').hidden = true;
      return;
    }
  }
  setTimeout(poll, POLL_MS);
}

byId('sign-in').addEventListener('submit', (event) => {
  event.preventDefault();
  token = byId('token').value.trim();
  sessionStorage.setItem('castellan-token', token);
  byId('refusal').textContent = '';
  poll();
});

setInterval(showAge, 1000);
if (token) poll();

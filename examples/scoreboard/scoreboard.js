/** A scorer's phone beside a pitch: the network comes and goes, the points must not. */
(() => {
  const $ = (id) => document.getElementById(id);
  const match = new URLSearchParams(location.search).get('match') ?? 'demo';
  const client = Holdfast.createClient('/realtime', {
    // A page that comes late reads the match from its beginning.
    channels: { 'match:{id}': { rewind: 1000 } },
  });
  const channel = client.channel(`match:${match}`);

  // Set by id and never counted: a message may be applied twice, and the sum stays right.
  const store = channel.store({
    initial: new Map(),
    reduce(points, { event, id, data, pending }) {
      const next = new Map(points);
      if (event === 'point') next.set(id, { ...data, pending });
      else next.delete(data.id);
      return next;
    },
  });

  const sum = (team) => [...store.get().values()].reduce((total, point) => total + (point.team === team ? point.points : 0), 0);

  function show() {
    const points = [...store.get()].reverse();
    for (const team of ['home', 'guests']) $(team).textContent = sum(team);
    $('undo').disabled = points.length === 0;
    $('points').replaceChildren(
      ...points.slice(0, 50).map(([, { team, points: count, pending }]) => {
        const item = document.createElement('li');
        item.className = team;
        item.textContent = `${team === 'home' ? 'Home' : 'Guests'} +${count}`;
        if (pending) item.append(Object.assign(document.createElement('small'), { textContent: 'not sent yet' }));
        return item;
      }),
    );
  }

  const LINES = {
    hidden: 'Live',
    connecting: 'Connecting …',
    reconnecting: 'No connection. Go on, nothing is lost.',
    offline: 'Offline. Go on, nothing is lost.',
    ended: 'Ended. Load the page again.',
  };

  function showLine() {
    const { banner } = client.uiStatus.get();
    const { pending, durable } = client.outbox.status.get();
    const waiting = pending === 0 ? '' : ` ${pending} waiting${durable ? ', kept on this phone' : ' in this page'}.`;
    $('line').textContent = LINES[banner] + waiting;
    $('line').dataset.banner = banner;
  }

  document.addEventListener('click', ({ target }) => {
    const { team, points } = target.dataset;
    if (team !== undefined) channel.publish('point', { team, points: Number(points) });
  });
  $('undo').addEventListener('click', () => {
    const [last] = [...store.get().keys()].slice(-1);
    if (last !== undefined) channel.publish('undo', { id: last });
  });

  store.subscribe(show);
  client.uiStatus.subscribe(showLine);
  client.outbox.status.subscribe(showLine);
  show();
  showLine();
})();

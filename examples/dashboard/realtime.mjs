/** A hall of machines that tell how they are about 100 times a second each: far more often than a page can be drawn. */
const NAMES = ['Drill', 'Lathe', 'Mill', 'Press', 'Saw'];
/** ms */
const EVERY = 10;

export const options = {
  authenticate: () => ({ user: null }),
  // Who looks later wants the next reading and not the last hour's, so there is no log.
  channels: { hall: { subscribe: true, mode: 'live' } },
};

/** @returns what stops it */
export function begin(server) {
  const machines = Array.from({ length: 20 }, (_, index) => ({
    machine: `${NAMES[index % NAMES.length]} ${Math.floor(index / NAMES.length) + 1}`,
    load: 30 + Math.random() * 50,
    temperature: 35 + Math.random() * 35,
  }));
  const timer = setInterval(() => {
    for (const each of machines) {
      each.load = within(0, 100, each.load + (Math.random() - 0.5) * 2);
      // Warmed by its load, cooled by the hall, and slower than both.
      each.temperature += (20 + each.load * 0.75 - each.temperature) * 0.002 + (Math.random() - 0.5) * 0.4;
      server.publishVolatile('hall', 'reading', { ...each, load: round(each.load), temperature: round(each.temperature) });
    }
  }, EVERY);
  return () => clearInterval(timer);
}

const within = (least, most, value) => Math.min(most, Math.max(least, value));
const round = (value) => Math.round(value * 10) / 10;

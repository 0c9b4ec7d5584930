/**
 * What travels in a room. A payload comes from any page in the world, so it is read with care: a wrong shape is ignored.
 * server.mjs holds the same bounds as rules.
 */
export interface Author {
  readonly name: string;
  /** Random id of the tab, to tell two people of one name apart. Not a proof of who it is. */
  readonly from: string;
}

export interface Said extends Author {
  readonly text: string;
}

/** One of the numbered messages of a burst: `n` of `of`, counted from 1. */
export interface Numbered extends Author {
  readonly run: string;
  readonly n: number;
  readonly of: number;
}

function text(value: unknown, limit: number): string | null {
  return typeof value === 'string' && value !== '' ? value.slice(0, limit) : null;
}

function count(value: unknown): number | null {
  return typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= 1000 ? value : null;
}

function fields(data: unknown): Readonly<Record<string, unknown>> {
  return typeof data === 'object' && data !== null ? (data as Record<string, unknown>) : {};
}

export function readAuthor(data: unknown): Author | null {
  const { name, from } = fields(data);
  const author = { name: text(name, 24), from: text(from, 40) };
  return author.name === null || author.from === null ? null : { name: author.name, from: author.from };
}

export function readSaid(data: unknown): Said | null {
  const author = readAuthor(data);
  const said = text(fields(data)['text'], 2000);
  return author === null || said === null ? null : { ...author, text: said };
}

export function readNumbered(data: unknown): Numbered | null {
  const author = readAuthor(data);
  const { run, n, of } = fields(data);
  const parts = { run: text(run, 40), n: count(n), of: count(of) };
  if (author === null || parts.run === null || parts.n === null || parts.of === null || parts.n > parts.of) return null;
  return { ...author, run: parts.run, n: parts.n, of: parts.of };
}

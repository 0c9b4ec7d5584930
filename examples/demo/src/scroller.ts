import { byId } from './dom.ts';

/** Less than this from the end counts as reading the end. */
const NEAR = 80;

export interface Scroller {
  /** Keeps the newest in sight, unless the reader has scrolled up. */
  follow(): void;
  toEnd(): void;
}

export function createScroller(): Scroller {
  const box = byId('scroll', HTMLElement);
  let atEnd = true;
  const follow = (): void => {
    if (atEnd) box.scrollTop = box.scrollHeight;
  };
  box.addEventListener('scroll', () => {
    atEnd = box.scrollHeight - box.scrollTop - box.clientHeight < NEAR;
  });
  // A keyboard or the sheet takes height away without any scroll event.
  new ResizeObserver(follow).observe(box);
  return {
    follow,
    toEnd() {
      atEnd = true;
      follow();
    },
  };
}

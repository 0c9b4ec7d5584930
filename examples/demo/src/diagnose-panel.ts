import { type Client, type Diagnosis, diagnose } from 'holdfast';
import { byId, h, icon, setText } from './dom.ts';
import { labelOf, type Ways } from './ways.ts';

const names: Readonly<Record<string, string>> = { network: 'Network', outbox: 'Outbox', token: 'Token' };

/** A dialog that runs diagnose(client), shows what it found, and copies its summary. */
export function createDiagnosePanel(client: Client, ways: Ways): void {
  const dialog = byId('diagnosis', HTMLDialogElement);
  const list = byId('checks', HTMLOListElement);
  const verdict = byId('diagnosis-verdict', HTMLElement);
  const summary = byId('summary', HTMLElement);
  const copy = byId('copy', HTMLButtonElement);
  const again = byId('again', HTMLButtonElement);
  let running: AbortController | null = null;

  function checkView({ name, ok, ms, problem, remedy }: Diagnosis['checks'][number]): HTMLElement {
    const way = ways.list().find((one) => one.name === name);
    const isForbidden = way?.allowed === false;
    return h(
      'li',
      { class: 'check', data: { ok: ok ? 'yes' : 'no' } },
      icon(ok ? 'check' : 'fail'),
      h('b', {}, names[name] ?? labelOf(name)),
      h('span', { class: 'num check-time' }, ok ? (ms > 0 ? `works, ${ms} ms` : 'fine') : 'fails'),
      problem === null ? null : h('p', {}, isForbidden ? 'You have forbidden it in this tab.' : problem),
      remedy === null ? null : h('p', { class: 'remedy' }, isForbidden ? 'Allow it in the panel above the chat.' : remedy),
    );
  }

  async function run(): Promise<void> {
    running?.abort();
    const mine = (running = new AbortController());
    again.disabled = copy.disabled = true;
    list.setAttribute('aria-busy', 'true');
    setText(verdict, 'Trying each transport with a connection of its own. The one that carries is left alone.');
    try {
      const found = await diagnose(client, { signal: mine.signal });
      const bad = found.checks.filter(({ ok }) => !ok).length;
      setText(verdict, bad === 0 ? 'All is well.' : `${bad} of ${found.checks.length} checks ${bad === 1 ? 'fails' : 'fail'}.`);
      list.replaceChildren(...found.checks.map(checkView));
      setText(summary, found.summary);
      copy.disabled = again.disabled = false;
    } catch (error) {
      if (!mine.signal.aborted) setText(verdict, `The diagnosis itself failed: ${String(error)}`);
      again.disabled = running !== mine;
    } finally {
      if (running === mine) {
        running = null;
        list.removeAttribute('aria-busy');
      }
    }
  }

  byId('diagnose', HTMLButtonElement).addEventListener('click', () => {
    dialog.showModal();
    void run();
  });
  again.addEventListener('click', () => void run());
  copy.addEventListener('click', () => {
    const text = summary.textContent;
    // Only a page that is secure has a clipboard; then the text can be selected by hand.
    const copied = navigator.clipboard?.writeText(text) ?? Promise.reject(new Error('no clipboard'));
    copied.then(
      () => flash('Copied.'),
      () => {
        getSelection()?.selectAllChildren(summary);
        flash('Selected: copy it by hand.');
      },
    );
  });
  function flash(text: string): void {
    const usual = (copy.dataset['usual'] ??= copy.textContent);
    setText(copy, text);
    window.setTimeout(() => setText(copy, usual), 2000);
  }
  byId('diagnosis-close', HTMLButtonElement).addEventListener('click', () => dialog.close());
  // A click on the dialog itself is one beside its content.
  dialog.addEventListener('click', (event) => {
    if (event.target === dialog) dialog.close();
  });
  dialog.addEventListener('close', () => running?.abort());
}

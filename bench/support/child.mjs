import { pathToFileURL } from 'node:url';

/** The far end of `start` in processes.mjs: answers each question with what the role's function of that name returns. */
const [file, role] = process.argv.slice(2);
const { [role]: create } = await import(pathToFileURL(file).href);
const actions = await create();

process.on('message', async ({ id, action, args }) => {
  try {
    process.send({ id, result: await actions[action](...args) });
  } catch (error) {
    process.send({ id, error: error.stack });
  }
});
// Nobody is left to ask.
process.on('disconnect', () => process.exit(0));
process.send({ ready: true });

/** The Holdfast server of the demo: its rules, and the two ways in which it can go and come back. */

/** The same bounds as in src/wire.ts. Anyone may write here, so what others will read is checked. */
const isText = (value, limit) => typeof value === 'string' && value !== '' && value.length <= limit;
const isAuthor = (data) => typeof data === 'object' && data !== null && isText(data.name, 24) && isText(data.from, 40);
const isCount = (value) => Number.isInteger(value) && value >= 1 && value <= 1000;

async function load() {
  try {
    return await import('../../dist/server.js');
  } catch (error) {
    if (error.code !== 'ERR_MODULE_NOT_FOUND') throw error;
    throw new Error('the library is not built. Run "npm run build" first.', { cause: error });
  }
}

/** The server's WebRTC is native code, which is not there on every system. */
async function hasWebRTC() {
  try {
    await import('node-datachannel');
    return true;
  } catch {
    return false;
  }
}

export async function createRealtime() {
  const webRTC = await hasWebRTC();
  const mount = { path: '/realtime', ...(webRTC && { webRTC: {} }) };
  const { createServer, memoryBroker, reject } = await load();

  function make(broker) {
    return createServer({
      broker,
      // Names are decoration here, so everybody is the client's default user, "anonymous".
      authenticate: () => ({ user: null }),
      channels: {
        'room:{id}': {
          subscribe: true,
          publish: {
            message: (data) => {
              if (!isAuthor(data) || typeof data.text !== 'string') return false;
              if (!isText(data.text, 2000)) throw reject('too-long', 'A message here has 1 to 2000 characters.');
              return true;
            },
            burst: (data) => isAuthor(data) && isText(data.run, 40) && isCount(data.n) && isCount(data.of),
            typing: isAuthor,
          },
          showUser: false,
        },
      },
      // All tabs are one user here, and a burst is the point.
      limits: { publishRate: 2000, connections: 200 },
      // A held line should be noticed while one looks: within this and 10 s.
      timing: { ping: 5000 },
    });
  }

  // Handed in, so it outlives the server in front of it, as a store on another machine would.
  let broker = memoryBroker();
  let server = make(broker);
  let http = null;
  let detach = () => {};

  return {
    /** Whether it takes WebRTC beside the other transports. */
    webRTC,
    attach(target) {
      http = target;
      detach = server.attach(target, mount);
    },
    /** A crash: what it had in memory is gone, and the next one knows nothing. Call it while nobody is connected. */
    async forget() {
      detach();
      await server.close();
      await broker.close();
      broker = memoryBroker();
      server = make(broker);
      detach = server.attach(http, mount);
    },
    /** A deploy: a second server stands beside the first, over the same log, before the first sends its clients away. */
    async replace() {
      const old = server;
      const leave = detach;
      server = make(broker);
      leave();
      detach = server.attach(http, mount);
      await old.drain({ spread: 1500, timeout: 5000 });
      await old.close();
    },
    async close() {
      detach();
      await server.close();
      await broker.close();
    },
  };
}

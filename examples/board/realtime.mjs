/** Who may do what, for the board. A real one would ask who somebody is, and whose board this is. */
const COLUMNS = ['todo', 'doing', 'done'];
const isText = (value, most) => typeof value === 'string' && value.length > 0 && value.length <= most;

export const options = {
  authenticate: () => ({ user: null }),
  channels: {
    'board:{id}': {
      subscribe: true,
      publish: {
        added: (data) => isText(data?.title, 200) && COLUMNS.includes(data.column),
        moved: (data) => isText(data?.id, 64) && COLUMNS.includes(data.column),
        removed: (data) => isText(data?.id, 64),
      },
    },
  },
};

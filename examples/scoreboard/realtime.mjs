/** Who may do what, for the scoreboard. A real one would ask who somebody is, and let only the scorer publish. */
export const options = {
  authenticate: () => ({ user: null }),
  channels: {
    'match:{id}': {
      subscribe: true,
      publish: {
        point: (data) => (data?.team === 'home' || data?.team === 'guests') && Number.isInteger(data.points),
        undo: (data) => typeof data?.id === 'string',
      },
    },
  },
};

// Imported first and written in old syntax, so that an old Node reaches the sentence instead of a stack trace.
var wanted = [20, 19];
var found = process.versions.node.split('.').map(Number);

if (found[0] < wanted[0] || (found[0] === wanted[0] && found[1] < wanted[1])) {
  console.error(
    'Holdfast needs Node ' +
      wanted.join('.') +
      ' or newer; this is Node ' +
      process.versions.node +
      '. Get one at https://nodejs.org',
  );
  process.exit(1);
}

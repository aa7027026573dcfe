// Stops an npm script that does not run under the Node this project is developed with. Plain JavaScript: any Node can read it.
var wanted = { major: 24, minor: 6 }
var found = process.versions.node.split('.').map(Number)

if (found[0] !== wanted.major || found[1] < wanted.minor) {
  console.error(
    'Millrace is developed under Node ' +
      wanted.major +
      ' (' +
      wanted.major +
      '.' +
      wanted.minor +
      ' or later), and this is Node ' +
      process.versions.node +
      ' (' +
      process.execPath +
      ').\n' +
      'On Linux (x64, arm64) and Windows (x64) `npm ci` brings the right one: run it, without --omit=optional, and start the npm script again.\n' +
      'Elsewhere install Node ' +
      wanted.major +
      ' and put it first in PATH.',
  )
  process.exit(1)
}

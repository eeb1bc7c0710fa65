// Required by node before the command: whoever looks at `process.stdin` opens it, and makes a pipe that it shares with others one that does not wait.
const { writeSync } = require('node:fs');

Object.defineProperty(process, 'stdin', {
  get() {
    writeSync(2, `${new Error('standard input was opened').stack}\n`);
    process.exit(99);
  },
});

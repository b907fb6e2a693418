/** Lines that are kept. */
const most = 40;

/** What a child process writes: each line goes to the log, and the last ones into the report of a crash. */
export class ChildOutput {
  private readonly lines: string[] = [];

  /** @param name in front of each line in the log */
  constructor(
    private readonly name: string,
    private readonly log: (line: string) => void,
  ) {}

  note(text: string): void {
    for (const line of text.split("\n")) {
      if (line.trim() === "") continue;
      this.lines.push(line);
      if (this.lines.length > most) this.lines.shift();
      this.log(`${this.name}: ${line}`);
    }
  }

  /** How the child ended, and its last lines. */
  report(how: string): string {
    return [how, ...this.lines].join("\n");
  }
}

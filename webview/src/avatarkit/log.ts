/** The client's log: one level for the whole SDK, one line per call, to the browser's console. */

/** How much the SDK says. */
export enum LogLevel {
  off = "off",
  error = "error",
  warning = "warning",
  all = "all",
}

const RANK: Readonly<Record<LogLevel, number>> = { off: 0, error: 1, warning: 2, all: 3 };

/** A log with a name in front of each line. */
export class Logger {
  private level: LogLevel;

  constructor(
    private readonly name: string,
    level: LogLevel = LogLevel.warning,
  ) {
    this.level = level;
  }

  /** Says from now on what `level` asks for. */
  setLevel(level: LogLevel): void {
    this.level = level;
  }

  error(message: string, ...details: readonly unknown[]): void {
    if (RANK[this.level] >= 1) console.error(`[${this.name}] ${message}`, ...details);
  }

  warn(message: string, ...details: readonly unknown[]): void {
    if (RANK[this.level] >= 2) console.warn(`[${this.name}] ${message}`, ...details);
  }

  info(message: string, ...details: readonly unknown[]): void {
    if (RANK[this.level] >= 3) console.info(`[${this.name}] ${message}`, ...details);
  }
}

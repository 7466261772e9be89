import type { Bridge } from "../bridge";

/** At most this many errors are sent: a fault in a loop must not flood the program. */
const MAX_REPORTS = 50;

/** Tell the program about errors nobody caught. What the page writes to its console the program sees by itself. */
export function reportUncaught(bridge: Bridge, scope: Window): void {
  let left = MAX_REPORTS;
  const report = (message: string, stack: string | undefined): void => {
    if (left-- <= 0) return;
    bridge.call("log", { level: "error", message, context: { stack: stack?.slice(0, 4000) ?? "" } }).catch(() => undefined);
  };
  scope.addEventListener("error", ({ message, error }) => report(message, error instanceof Error ? error.stack : undefined));
  scope.addEventListener("unhandledrejection", ({ reason }: PromiseRejectionEvent) => {
    const error: unknown = reason;
    report(error instanceof Error ? error.message : String(error), error instanceof Error ? error.stack : undefined);
  });
}

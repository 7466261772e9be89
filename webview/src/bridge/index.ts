import { BrowserBridge } from "./browser-bridge";
import { ChannelBridge } from "./channel-bridge";
import { insideQt, openQtPipe } from "./qt-channel";
import type { Bridge } from "./types";

export { BridgeError, toErrorBody, type ErrorBody } from "./error";
export * from "./types";

/** Open the bridge this page lives on: QWebChannel inside the program, the stand-alone one in a browser. */
export async function openBridge(): Promise<Bridge> {
  if (insideQt()) return new ChannelBridge(await openQtPipe());
  return new BrowserBridge(new URLSearchParams(location.search), localStorage);
}

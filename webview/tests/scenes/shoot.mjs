/**
 * Pictures of the window in every state: `node tests/scenes/shoot.mjs OUT [SCENE…]`.
 * SIZES="1280x800 360x640" and THEMES="day night" choose; Chromium is found at $CHROMIUM or /usr/bin/chromium.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";

import { chromium } from "playwright-core";
import { createServer } from "vite";

const [out = "scenes", ...wanted] = process.argv.slice(2);
const sizes = (process.env.SIZES ?? "1280x800").split(" ").map((size) => size.split("x").map(Number));
const themes = (process.env.THEMES ?? "day night").split(" ");

const root = new URL("../..", import.meta.url).pathname;
const server = await createServer({ root, logLevel: "error", server: { port: 0, host: "127.0.0.1", hmr: false } });
await server.listen();
const address = server.httpServer.address();
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--hide-scrollbars"],
});
mkdirSync(out, { recursive: true });
try {
  const { SCENES } = await server.ssrLoadModule("/tests/scenes/scene-list.ts");
  const scenes = wanted.length > 0 ? wanted : Object.keys(SCENES);
  for (const [width, height] of sizes) {
    const page = await browser.newPage({ viewport: { width, height } });
    page.on("pageerror", (error) => console.error("page:", error.message));
    for (const theme of themes) {
      for (const scene of scenes) {
        await page.goto(`http://127.0.0.1:${address.port}/tests/scenes/index.html?scene=${scene}&theme=${theme}`);
        await page.waitForSelector(".app");
        await page.evaluate(() => document.fonts.ready);
        await page.waitForTimeout(450);
        await page.screenshot({ path: join(out, `${scene}-${theme}-${width}x${height}.png`) });
      }
    }
    await page.close();
  }
} finally {
  await browser.close();
  await server.close();
}

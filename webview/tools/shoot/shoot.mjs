// Pictures and speed of the avatars, with the page's own renderer in a headless Chromium.
//
//   node tools/shoot/shoot.mjs sheets OUTPUT_DIRECTORY      every sheet of docs/avatar.md, as PNG
//   node tools/shoot/shoot.mjs one SPEC.json OUTPUT.png     one sheet: {"size": 400, "columns": 4, "shots": [...]}
//   node tools/shoot/shoot.mjs bench AVATAR SIZE SECONDS [fixed]
//
// CHROMIUM names the browser (default /usr/bin/chromium), ANGLE its GL backend (default gl-egl, else swiftshader).
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { createServer } from "vite";
import { sheets } from "./sheets.mjs";

async function withPage(work) {
  const server = await createServer({
    root: join(import.meta.dirname, "../.."),
    server: { port: 0, host: "127.0.0.1", hmr: false, watch: null },
    logLevel: "error",
    clearScreen: false,
  });
  await server.listen();
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--ignore-gpu-blocklist", "--use-gl=angle", `--use-angle=${process.env.ANGLE ?? "gl-egl"}`, "--enable-unsafe-swiftshader"],
  });
  try {
    const page = await browser.newPage({ viewport: { width: 1000, height: 1000 } });
    page.on("console", (message) => {
      if (message.type() === "error" || message.type() === "warning") console.error("page:", message.text());
    });
    page.on("pageerror", (error) => console.error("page:", error.message));
    await page.goto(new URL("tools/shoot/index.html", server.resolvedUrls.local[0]).href);
    await page.waitForFunction(() => "bench" in window);
    return await work(page);
  } finally {
    await browser.close();
    await server.close();
  }
}

/** CPU milliseconds used so far by this process's descendants (the browser, all its threads). Linux only. */
function cpuOfChildren() {
  const stats = new Map();
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      const text = readFileSync(`/proc/${pid}/stat`, "utf8");
      const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
      stats.set(pid, { parent: fields[1], ticks: Number(fields[11]) + Number(fields[12]) });
    } catch {
      // The process ended while the list was read.
    }
  }
  const isChild = (pid) => {
    for (let at = stats.get(pid)?.parent; at && at !== "0"; at = stats.get(at)?.parent) if (at === String(process.pid)) return true;
    return false;
  };
  let ticks = 0;
  for (const [pid, stat] of stats) if (isChild(pid)) ticks += stat.ticks;
  return ticks * 10;
}

async function draw(page, { shots, size, columns }, file) {
  const url = await page.evaluate(([s, px, n]) => window.sheet(s, px, n), [shots, size, columns]);
  writeFileSync(file, Buffer.from(url.split(",")[1], "base64"));
  console.log(file);
}

const [mode, ...rest] = process.argv.slice(2);
if (mode === "sheets") {
  const [directory = "."] = rest;
  mkdirSync(directory, { recursive: true });
  await withPage(async (page) => {
    for (const [name, sheet] of Object.entries(sheets())) await draw(page, sheet, join(directory, `${name}.png`));
  });
} else if (mode === "one") {
  const [spec, file] = rest;
  await withPage((page) => draw(page, JSON.parse(readFileSync(spec, "utf8")), file));
} else if (mode === "bench") {
  const [avatar = "nova", size = "640", seconds = "10", fixed = ""] = rest;
  await withPage(async (page) => {
    const options = [avatar, Number(size), Number(seconds), fixed === "fixed"];
    let from = 0;
    await page.exposeFunction("benchBegins", () => void (from = cpuOfChildren()));
    const result = await page.evaluate(([a, s, t, f]) => window.bench(a, s, t, f), options);
    console.log(JSON.stringify({ ...result, cpuMsPerFrame: (cpuOfChildren() - from) / result.frames }));
  });
} else {
  console.error("usage: shoot.mjs sheets DIR | one SPEC.json OUT.png | bench AVATAR SIZE SECONDS [fixed]");
  process.exitCode = 2;
}

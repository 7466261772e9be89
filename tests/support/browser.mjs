// Opens one page in headless Chromium and evaluates what the test asks for.
// Usage: node browser.mjs PLAYWRIGHT_CORE_FOLDER CHROMIUM URL
// Each line on stdin is {"id", "expression"}; each line on stdout {"id", "value"} or {"id", "error"}.
// The browser is closed when stdin ends.
import { createRequire } from "node:module"
import { createInterface } from "node:readline"

const [playwright, executablePath, url] = process.argv.slice(2)
const { chromium } = createRequire(import.meta.url)(playwright)

const browser = await chromium.launch({
  executablePath,
  args: [
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream",
    "--allow-loopback-in-peer-connection", "--autoplay-policy=no-user-gesture-required",
  ],
})
const page = await browser.newPage()
page.on("console", (message) => process.stderr.write(`${message.type()}: ${message.text()}\n`))
page.on("pageerror", (error) => process.stderr.write(`${error.stack}\n`))
await page.goto(url)
process.stdout.write(`${JSON.stringify({ id: 0, value: browser.version() })}\n`)

for await (const line of createInterface({ input: process.stdin })) {
  const { id, expression } = JSON.parse(line)
  page.evaluate(expression).then(
    (value) => process.stdout.write(`${JSON.stringify({ id, value })}\n`),
    (error) => process.stdout.write(`${JSON.stringify({ id, error: String(error) })}\n`),
  )
}
await browser.close()

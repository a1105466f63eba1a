// Drives a Chromium through its debugging pipe: opens a page, does what it is told, and says what came of it.
//
// Usage: drive.mjs CHROMIUM < STEPS. The first step is {open, width, height, dark, print}; each one after it is one of {evaluate},
// {key, text, shift}, {type}, {look: {dark, print, width, height}}, {picture}. What is printed is {results, said, asked}: what each step gave, what the page
// said on its console or failed with, and every address that it asked for.
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

const program = process.argv[2];
const [first, ...steps] = JSON.parse(readFileSync(0, "utf8"));
const home = mkdtempSync(join(tmpdir(), "browser-"));
const flags = [
  "--headless", "--no-sandbox", "--no-zygote", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars",
  "--force-color-profile=srgb", "--font-render-hinting=none", `--user-data-dir=${home}`, "--remote-debugging-pipe",
];
const env = { HOME: home, PATH: process.env.PATH, FONTCONFIG_PATH: dirname(program), LD_LIBRARY_PATH: join(dirname(program), "lib") };
const child = spawn(program, flags, { env, stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"] });
const over = (why) => {
  child.kill("SIGKILL");
  console.error(why);
  process.exit(1);
};
setTimeout(() => over("the browser did not answer within two minutes"), 120_000).unref();
child.on("error", (why) => over(`the browser can't be started: ${why}`));

let next = 1;
const open = new Map();
const heard = [];
let rest = "";
child.stdio[4].setEncoding("utf8").on("data", (part) => {
  const messages = (rest + part).split("\0");
  rest = messages.pop();
  for (const message of messages.map((text) => JSON.parse(text))) {
    if (message.id === undefined) {
      heard.forEach((hear) => hear(message));
    } else {
      const { yes, no } = open.get(message.id);
      open.delete(message.id);
      message.error ? no(new Error(`${message.error.message} ${message.error.data ?? ""}`)) : yes(message.result);
    }
  }
});
let session;
const send = (method, params = {}) =>
  new Promise((yes, no) => {
    const id = next++;
    open.set(id, { yes, no });
    child.stdio[3].write(`${JSON.stringify({ id, method, params, sessionId: session })}\0`);
  });
const event = (method) =>
  new Promise((yes) => heard.push((message) => message.method === method && yes(message.params)));

const look = ({ width = 1280, height = 1600, dark = false, print = false }) =>
  Promise.all([
    send("Emulation.setDeviceMetricsOverride", { width, height, deviceScaleFactor: 1, mobile: false }),
    send("Emulation.setEmulatedMedia", {
      media: print ? "print" : "",
      features: [{ name: "prefers-color-scheme", value: dark ? "dark" : "light" }],
    }),
  ]);
const keys = { Tab: 9, Enter: 13, Escape: 27, " ": 32, ArrowDown: 40, ArrowUp: 38, ArrowRight: 39, ArrowLeft: 37 };

async function step(what) {
  if (what.evaluate !== undefined) {
    const answer = await send("Runtime.evaluate", { expression: what.evaluate, returnByValue: true, awaitPromise: true });
    if (answer.exceptionDetails) {
      throw new Error(`${what.evaluate}: ${answer.exceptionDetails.exception?.description}`);
    }
    return answer.result.value ?? null;
  }
  if (what.key !== undefined) {
    const text = what.key === "Enter" ? "\r" : what.key === " " ? " " : what.key.length === 1 ? what.key : undefined;
    const one = { key: what.key, windowsVirtualKeyCode: keys[what.key], modifiers: what.shift ? 8 : 0 };
    await send("Input.dispatchKeyEvent", { ...one, type: text ? "keyDown" : "rawKeyDown", text });
    await send("Input.dispatchKeyEvent", { ...one, type: "keyUp" });
    return null;
  }
  if (what.type !== undefined) {
    await send("Input.insertText", { text: what.type });
    return null;
  }
  if (what.look !== undefined) {
    await look(what.look);
    return null;
  }
  if (what.picture !== undefined) {
    const { data } = await send("Page.captureScreenshot", { format: "png", captureBeyondViewport: what.whole ?? false });
    writeFileSync(what.picture, Buffer.from(data, "base64"));
    return null;
  }
  throw new Error(`no such step: ${JSON.stringify(what)}`);
}

try {
  const { targetId } = await send("Target.createTarget", { url: "about:blank" });
  session = (await send("Target.attachToTarget", { targetId, flatten: true })).sessionId;
  const said = [];
  const asked = [];
  heard.push(({ method, params }) => {
    if (method === "Runtime.consoleAPICalled") said.push(params.args.map((one) => one.value ?? one.description).join(" "));
    if (method === "Runtime.exceptionThrown") said.push(params.exceptionDetails.exception?.description ?? params.exceptionDetails.text);
    if (method === "Log.entryAdded") said.push(params.entry.text);
    if (method === "Network.requestWillBeSent") asked.push(params.request.url);
  });
  await Promise.all(["Page", "Runtime", "Log", "Network"].map((domain) => send(`${domain}.enable`)));
  await look(first);
  const loaded = event("Page.loadEventFired");
  await send("Page.navigate", { url: first.open });
  await loaded;
  const results = [];
  for (const what of steps) results.push(await step(what));
  console.log(JSON.stringify({ results, said, asked }));
  session = undefined;
  await send("Browser.close").catch(() => {});
} catch (why) {
  over(why.stack);
} finally {
  child.kill("SIGKILL");
  await new Promise((yes) => (child.exitCode === null && child.signalCode === null ? child.once("exit", yes) : yes()));
  rmSync(home, { recursive: true, force: true, maxRetries: 5 });
}
process.exit(0);

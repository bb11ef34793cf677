// The npm package, as a program written for Azure uses it.
import assert from "node:assert";
import { AzureOpenAI } from "openai";

const endpoint = process.argv[2].replace(/\/v1$/, "");
const apiKey = process.env.OPENAI_API_KEY;

for (const more of [{}, { deployment: "gpt-4o" }]) {
  const api = new AzureOpenAI({ endpoint, apiKey, apiVersion: "2024-05-01-preview", ...more });
  const assistant = await api.beta.assistants.create({ model: "echo", name: "of Azure" });
  const found = await api.beta.assistants.list({ limit: 5 });
  assert(found.data.some((one) => one.id === assistant.id));
  const thread = await api.beta.threads.create({ messages: [{ role: "user", content: "Hello" }] });

  const run = await api.beta.threads.runs.createAndPoll(thread.id, { assistant_id: assistant.id });
  assert.equal(run.status, "completed");
  const texts = [];
  for await (const message of api.beta.threads.messages.list(thread.id, { order: "asc" })) {
    texts.push(message.content.map((block) => block.text.value).join(""));
  }
  assert.deepEqual(texts, ["Hello", "Hello"]);

  const events = [];
  const stream = await api.beta.threads.runs.create(thread.id, { assistant_id: assistant.id, stream: true });
  for await (const event of stream) events.push(event.event);
  assert(events.includes("thread.message.delta") && events.includes("thread.run.completed"));

  const names = [];
  for await (const model of api.models.list()) names.push(model.id);
  assert.deepEqual(names, ["echo", "llama"]);
}

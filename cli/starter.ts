/** What `proctor init` writes: path -> text. A test runs it as it is. */
export function starter(name: string): Readonly<Record<string, string>> {
  return {
    [`agents/${name}/agent.yaml`]: `apiVersion: proctor/v1
kind: PythonFunction
name: ${name}
description: Answers what it is asked
entrypoint: run
entrypoint_file: main.py
run_timeout_s: 60
`,
    [`agents/${name}/main.py`]: `def run(task_input, *, proxy_url, run_token):
    question = task_input["user_instruction"]
    order = task_input["input"].get("order", "")
    return {"final_response": f"You asked: {question} Order {order} is on its way, thank you."}
`,
    [`agents/${name}/evals/first.yaml`]: `apiVersion: proctor/v1
kind: Eval
name: first
dataset: first.csv
judge: none          # or {model: openai/gpt-5-mini, rubric: rubric.md}
gate: {min_pass_rate: 1}
scorers:
  - {name: polite, type: response, contains: thank you}
  - {name: names-the-order, type: response, contains: {column: order}}
`,
    [`agents/${name}/evals/first.csv`]: `user,order
Where is my parcel?,4521
When will it arrive?,4522
`,
  }
}

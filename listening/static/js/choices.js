/** A question with one answer of several, as radio buttons. */
import { element } from "./dom.js";

let groups = 0;

/**
 * @param {{question: string, answers: string[], disabled?: boolean, row?: boolean,
 *          chosen: (at: number) => void}} options
 * @returns {{node: HTMLElement, set: (at: number|null) => void, enable: (on: boolean) => void}}
 */
export function choices({ question, answers, disabled = false, row = false, chosen }) {
  groups += 1;
  const fields = answers.map((_, at) => {
    const field = element("input", { type: "radio", name: `choice-${groups}`, value: String(at), disabled });
    field.onchange = () => chosen(at);
    return field;
  });
  const labels = fields.map((field, at) => element("label", {}, field, element("span", { textContent: answers[at] })));
  const node = element("fieldset", { className: row ? "choices row" : "choices" },
    element("legend", { dir: "auto", textContent: question }), ...labels);
  return {
    node,
    set: (chosenAt) => fields.forEach((field, at) => { field.checked = at === chosenAt; }),
    enable: (on) => fields.forEach((field) => { field.disabled = disabled || !on; }),
  };
}

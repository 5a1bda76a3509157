/** The instruction set is written twice, in TypeScript and in C++; this holds the two to each other. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import ts from 'typescript';
import { native } from '../lib/native.js';

interface Field {
  name: string;
  type: 'operand' | 'flag' | 'number' | 'choice';
  optional: boolean;
  choices?: string[];
}

const path = new URL('../lib/program/instruction.ts', import.meta.url);
const source = ts.createSourceFile('instruction.ts', readFileSync(path, 'utf8'), ts.ScriptTarget.ES2022, true);
const interfaces = new Map(source.statements.filter(ts.isInterfaceDeclaration).map((node) => [node.name.text, node]));
const aliases = new Map(source.statements.filter(ts.isTypeAliasDeclaration).map((node) => [node.name.text, node]));

/** The strings of `export const name = [...] as const`. */
function namesOf(list: string): string[] {
  for (const statement of source.statements.filter(ts.isVariableStatement)) {
    for (const declaration of statement.declarationList.declarations) {
      if (declaration.name.getText() !== list || !declaration.initializer) continue;
      const array = (declaration.initializer as ts.AsExpression).expression as ts.ArrayLiteralExpression;
      return array.elements.map((element) => (element as ts.StringLiteral).text);
    }
  }
  throw new Error(`instruction.ts has no list ${list}`);
}

function fieldOf(member: ts.PropertySignature): Field {
  const name = member.name.getText();
  const optional = member.questionToken !== undefined;
  const type = member.type!.getText();
  if (type === 'BufferId') return { name, type: 'operand', optional };
  if (type === 'boolean') return { name, type: 'flag', optional };
  if (type === 'number') return { name, type: 'number', optional };
  // type Kind = (typeof list)[number]
  const list = /typeof (\w+)/.exec(aliases.get(type)?.type.getText() ?? '')?.[1];
  assert.ok(list, `the type ${type} of ${name} is none the core knows`);
  return { name, type: 'choice', optional, choices: namesOf(list) };
}

/** Op and fields of every member of the union `Instruction`, in order. */
function declared(): { op: string; fields: Field[] }[] {
  const union = aliases.get('Instruction')!.type as ts.UnionTypeNode;
  return union.types.map((type) => {
    const members = interfaces.get(type.getText())!.members.filter(ts.isPropertySignature);
    const op = members.find((member) => member.name.getText() === 'op')!;
    const literal = (op.type as ts.LiteralTypeNode).literal as ts.StringLiteral;
    return { op: literal.text, fields: members.filter((member) => member !== op).map(fieldOf) };
  });
}

function fromCore(): { op: string; fields: Field[] }[] {
  const types = { in: 'operand', out: 'operand', inOut: 'operand', flag: 'flag', number: 'number', integer: 'number',
                  choice: 'choice' } as const;
  return native().instructions().map(({ op, fields }) => ({
    op,
    fields: fields.map(({ name, role, optional, choices }) => ({
      name, type: types[role], optional, ...(choices ? { choices } : {}),
    })),
  }));
}

describe('the instruction set', () => {
  it('has the same instructions in the same order', () => {
    assert.deepEqual(fromCore().map(({ op }) => op), declared().map(({ op }) => op));
  });

  for (const { op, fields } of declared()) {
    it(`${op} has the same fields in the same order`, () => {
      assert.deepEqual(fromCore().find((instruction) => instruction.op === op)?.fields, fields);
    });
  }
});

// What fills the fields of a script: the resident, the agent, and how the department of the chat is reached.

import { nameOf } from './page.js';

export function fieldsFor(chat, board, city) {
  const facts = chat?.facts ?? {};
  const department = board.departments.find((each) => each.code === facts.department) ?? {};
  return {
    customer: facts.name ?? '',
    agent: board.me?.name ?? '',
    department: nameIn(department.names, facts.language) ?? nameOf('departments', facts.department),
    phone: department.phone ?? '',
    email: department.email ?? '',
    page: department.page ?? '',
    city,
  };
}

/** What who reads this language calls a department, of its `names` by language; without one it is called as by staff. */
export function nameIn(names = {}, language) {
  const stem = (code) => code?.split('-')[0];
  return names[language] ?? names[Object.keys(names).find((code) => stem(code) === stem(language))];
}

export function chatFor(chat) {
  const { department, language } = chat?.facts ?? {};
  return { department, language };
}

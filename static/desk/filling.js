// What fills the fields of a script: the resident, the agent, and how the department of the chat is reached.

import { nameOf } from './page.js';

export function fieldsFor(chat, board, city) {
  const facts = chat?.facts ?? {};
  const department = board.departments.find((each) => each.code === facts.department) ?? {};
  return {
    customer: facts.name ?? '',
    agent: board.me?.name ?? '',
    department: nameOf('departments', facts.department),
    phone: department.phone ?? '',
    email: department.email ?? '',
    page: department.page ?? '',
    city,
  };
}

export function chatFor(chat) {
  const { department, language } = chat?.facts ?? {};
  return { department, language };
}

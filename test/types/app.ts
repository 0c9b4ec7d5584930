/** The contract that the type tests share. An interface or a type alias, as you like. */
export interface Chat {
  id: string;
  text: string;
}
export interface Task {
  id: string;
  title: string;
  column: 'todo' | 'doing' | 'done';
}
export interface RoomEvents {
  message: Chat;
  edited: { id: string; text: string };
  cleared: void;
}
export interface App {
  channels: {
    'room:{id}': { events: RoomEvents; volatile: { typing: { on: boolean } }; presence: { name: string; avatar?: string } };
    'room:{id}:calls': { events: { started: { by: string } } };
    'board:{id}': {
      events: { added: Task; moved: { id: string; column: Task['column'] }; removed: { id: string } };
      presence: { name: string; at: string | null };
      snapshot: Task[];
    };
    'user:{userId}:inbox': { events: { notice: { title: string; unread: number } } };
    prices: { events: { tick: { symbol: string; price: number } } };
    'upload:{id}': { volatile: { progress: { sent: number; total: number } }; events: { done: { url: string } } };
    forms: { events: { submitted: { form: string; fields: Record<string, string> } } };
  };
  requests: {
    'orders.create': { params: { sku: string; quantity: number }; result: { orderId: string } };
    'session.get': { result: { user: string; expires: number } };
    'rooms.list': { params: { archived: boolean } | undefined; result: { id: string; title: string }[] };
  };
  user: { id: string; role: 'member' | 'admin' };
}

import { createApp } from 'vue';
import Chat from './chat.vue';
import { client, plugin } from './realtime.mjs';

createApp(Chat).use(plugin, client).mount('#root');

import { expect, it } from 'vitest';
import { until } from '../support/until.ts';
import { type TransportUnderTest, WAIT, startGround } from './transport-kit.ts';

/** Being there and watching, over any transport. */
export function presenceOver(subject: TransportUnderTest): void {
  it('shows who is there, and who has left', async () => {
    const ground = await startGround(subject);
    const [ann, bob] = [ground.visit(), ground.visit()];
    const [hers, his] = [ann.client.channel('room').presence, bob.client.channel('room').presence];
    const shown = (): string => his.members.get().map(({ data, self }) => `${data}${self ? '*' : ''}`).join(' '); // prettier-ignore
    const shows = (text: string): Promise<void> =>
      until(
        () => shown() === text,
        WAIT,
        () => `${text} is shown, and not ${shown()}`,
      );
    his.members.subscribe(() => {});
    const stop = hers.enter('ann');
    await shows('ann');
    hers.update('ann, away');
    await shows('ann, away');
    his.enter('bob');
    await shows('ann, away bob*');
    stop();
    await shows('bob*');
    expect(await ground.servers[0]!.members('room')).toMatchObject([{ data: 'bob' }]);
  });
}

// Assigns the tasks, one after the other, and waits for the agents' notes that they are done.
import { joinCrew, main, poll, type Role, SHORT_LIVED } from './crew.ts'

await main(async () => {
  const { dakera, namespaces, topic } = joinCrew()

  const post = async (id: string, role: Role, content: string) => {
    await dakera.storeMemory(namespaces.coordinator, {
      content: `${id}: ${content}`,
      importance: 0.8,
      tags: ['task', `assigned:${role}`, 'status:pending', `task_id:${id}`],
      ...SHORT_LIVED,
    })
    console.log(`${id} for the ${role}: ${content}`)
  }

  // Agents may only read the coordinator's namespace. They note in private that they are done, and the orchestrator may
  // read that.
  const completion = async (id: string, role: 'researcher' | 'writer') => {
    const report = await poll(`the ${role}`, async () => {
      const [found] = await dakera.listMemories(namespaces[role], {
        filter: { tags: [`task_id:${id}`, 'status:complete'] },
      })
      return found
    })
    await dakera.storeMemory(namespaces.coordinator, {
      content: `${id} is complete. ${report.content}`,
      importance: 0.7,
      tags: ['status-update', 'status:complete', `task_id:${id}`],
      ...SHORT_LIVED,
    })
    console.log(`${id} is complete.`)
  }

  await post('T-1', 'researcher', 'read the documents and publish what is certain')
  await completion('T-1', 'researcher')
  await post('T-2', 'writer', `write a short article: ${topic}`)
  await completion('T-2', 'writer')
  await post('T-3', 'qc', 'check that every sentence of the article has a source')
})

"""Import and export: assistants, threads and messages as JSON, with the ids they have.

reading ─▶ shapes ─▶ loading        one JSON text ─▶ checked drafts ─▶ one transaction
                     dumping        the store ─▶ objects, as the API shows them
"""

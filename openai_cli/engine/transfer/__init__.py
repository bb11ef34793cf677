"""Import and export: assistants, threads and messages as JSON, with the ids they have.

import_parser ─▶ import_models, import_records ─▶ importer
    JSON text      ─▶ checked records                ─▶ one transaction
exporter
    the store ─▶ objects, as the API shows them
"""

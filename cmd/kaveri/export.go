package main

import "github.com/spf13/cobra"

func (p *program) exportCommand() *cobra.Command {
	return group("export", "Take what Kaveri knows out of it, for other programs and for paper",
		p.exportNotebookCommand(),
		p.exportParquetCommand(),
	)
}
